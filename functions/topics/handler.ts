/** Creates and changes the topics of the environment, its secret and its parameter, when CloudFormation deploys it. */
import { topicsResource } from '../../lib/operations/deployment/handler.ts'

export const handler = topicsResource('topics')
