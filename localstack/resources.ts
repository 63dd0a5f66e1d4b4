import {
  ensureResources,
  type InitialSettings,
  type ResourcesOutcome,
} from '../lib/adapters/aws/resources.ts'

export interface LocalResourcesOptions {
  readonly awsEndpoint: string
  /** The last part of every resource's name. */
  readonly env?: string
  /** The settings that the generator starts with, as JSON; written only where there are none yet. */
  readonly generator: InitialSettings['generator']
}

/** Region and credentials of the local cloud: LocalStack takes any, the SDK wants some. */
const LOCAL_AWS = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
} as const

/** The variables by which the functions and the AWS command line reach the local cloud, beside AWS_ENDPOINT_URL. */
export const LOCAL_AWS_ENVIRONMENT = {
  AWS_REGION: LOCAL_AWS.region,
  AWS_ACCESS_KEY_ID: LOCAL_AWS.credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: LOCAL_AWS.credentials.secretAccessKey,
} as const

/** Creates the SNS topic, the bucket, the parameter and the secret that the functions need, where they are missing. */
export function createResources(options: LocalResourcesOptions): Promise<ResourcesOutcome> {
  const { awsEndpoint, env = 'local', generator } = options
  // The local Valkey asks for no password; the secret is there because the functions read it everywhere.
  const redis = { username: '', password: '' }
  return ensureResources({ endpoint: awsEndpoint, ...LOCAL_AWS }, env, { generator, redis })
}
