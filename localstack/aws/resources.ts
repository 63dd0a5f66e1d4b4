/** Creates the resources in the local AWS emulator that the functions need. */
import { BucketAlreadyOwnedByYou, CreateBucketCommand, HeadBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { CreateTopicCommand, SNSClient } from '@aws-sdk/client-sns'
import { alertsTopicName, localBuckets } from '../../lib/app/naming/resource-names.ts'
import {
  ensureSettings,
  type InitialSettings,
  type SettingsOutcome,
} from '../../lib/deployment/initial-settings.ts'

export interface LocalResourcesOptions {
  readonly awsEndpoint: string
  /** Last part of all resource names. */
  readonly env?: string
  /** Initial settings of the generator, as JSON. Written only if they are missing. */
  readonly generator: InitialSettings['generator']
}

export interface ResourcesOutcome extends Pick<SettingsOutcome, 'generatorParameter' | 'redisSecret'> {
  readonly alertsTopicArn: string
  readonly historyBucket: string
}

/** Region and credentials for the local AWS emulator. The SDK requires credentials, but LocalStack accepts any. */
const LOCAL_AWS = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
} as const

type Access = typeof LOCAL_AWS & { readonly endpoint: string }

/** Environment variables with which functions and the AWS CLI access the emulator, in addition to AWS_ENDPOINT_URL. */
export const LOCAL_AWS_ENVIRONMENT = {
  AWS_REGION: LOCAL_AWS.region,
  AWS_ACCESS_KEY_ID: LOCAL_AWS.credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: LOCAL_AWS.credentials.secretAccessKey,
} as const

/** Creates the SNS topic, bucket, parameter and secret that the functions need, unless they exist. */
export async function createResources(options: LocalResourcesOptions): Promise<ResourcesOutcome> {
  const { awsEndpoint, env = 'local', generator } = options
  const access: Access = { endpoint: awsEndpoint, ...LOCAL_AWS }
  // The local Valkey has no password. The secret exists because functions read it in every environment.
  const redis = { username: '', password: '' }
  const { history: historyBucket } = localBuckets(env)
  const [alertsTopicArn, { generatorParameter, redisSecret }] = await Promise.all([
    ensureTopic(access, alertsTopicName(env)),
    ensureSettings(access, env, { generator, redis }),
    ensureBucket(access, historyBucket),
  ])
  return { alertsTopicArn, historyBucket, generatorParameter, redisSecret }
}

async function ensureTopic(access: Access, name: string): Promise<string> {
  // If the topic already exists, SNS returns its ARN.
  const { TopicArn } = await new SNSClient(access).send(new CreateTopicCommand({ Name: name }))
  if (!TopicArn) throw new Error(`SNS created the topic ${name}, but returned no ARN`)
  return TopicArn
}

async function ensureBucket(access: Access, bucket: string): Promise<void> {
  // The emulator has only one host name, so the bucket name must be in the path.
  const s3 = new S3Client({ ...access, forcePathStyle: true })
  const isThere = await s3.send(new HeadBucketCommand({ Bucket: bucket })).then(
    () => true,
    (error: { $metadata?: { httpStatusCode?: number } }) => {
      if (error.$metadata?.httpStatusCode === 404) return false
      throw error
    },
  )
  if (isThere) return
  await s3.send(new CreateBucketCommand({ Bucket: bucket })).catch(error => {
    if (!(error instanceof BucketAlreadyOwnedByYou)) throw error
  })
}
