import type { InitialSettings } from '../lib/operations/deployment/initial-settings.ts'
import { ensureResources, type ResourcesOutcome } from './aws/resources.ts'

export interface LocalResourcesOptions {
  readonly awsEndpoint: string
  /** Last part of all resource names. */
  readonly env?: string
  /** Initial settings of the generator, as JSON. Written only if they are missing. */
  readonly generator: InitialSettings['generator']
}

/** Region and credentials for the local AWS emulator. The SDK requires credentials, but LocalStack accepts any. */
const LOCAL_AWS = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
} as const

/** Environment variables with which functions and the AWS CLI access the emulator, in addition to AWS_ENDPOINT_URL. */
export const LOCAL_AWS_ENVIRONMENT = {
  AWS_REGION: LOCAL_AWS.region,
  AWS_ACCESS_KEY_ID: LOCAL_AWS.credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: LOCAL_AWS.credentials.secretAccessKey,
} as const

/** Creates the SNS topic, bucket, parameter and secret that the functions need, unless they exist. */
export function createResources(options: LocalResourcesOptions): Promise<ResourcesOutcome> {
  const { awsEndpoint, env = 'local', generator } = options
  // The local Valkey has no password. The secret exists because functions read it in every environment.
  const redis = { username: '', password: '' }
  return ensureResources({ endpoint: awsEndpoint, ...LOCAL_AWS }, env, { generator, redis })
}
