/**
 * Creates, changes and deletes the topics, the secret and the parameter of the environment. CloudFormation calls this function
 * during a deployment.
 */
import { createTopicsResource } from '../../lib/deployment/topics-resource.ts'

export const handler = createTopicsResource('topics')
