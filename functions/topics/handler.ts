/** Creates and changes the topics of the environment, its secret and its parameter during a deployment with CloudFormation. */
import { topicsResource } from '../../lib/operations/deployment/handler.ts'

export const handler = topicsResource('topics')
