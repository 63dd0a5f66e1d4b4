import { BucketAlreadyOwnedByYou, CreateBucketCommand, HeadBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { CreateTopicCommand, SNSClient } from '@aws-sdk/client-sns'
import { alertsTopicName, localBuckets } from '../../lib/app/resource-names.ts'
import {
  ensureSettings,
  type InitialSettings,
  type SettingsOutcome,
} from '../../lib/operations/deployment/initial-settings.ts'

export interface AwsAccess {
  /** Endpoint of a local AWS emulator; AWS if absent. */
  readonly endpoint?: string
  readonly region: string
  /** AWS credentials. Defaults to the credentials in the process environment. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

export interface ResourcesOutcome extends Pick<SettingsOutcome, 'generatorParameter' | 'redisSecret'> {
  readonly alertsTopicArn: string
  readonly historyBucket: string
}

/** Creates the missing AWS resources that the functions of an environment need. */
export async function ensureResources(
  access: AwsAccess,
  env: string,
  settings: InitialSettings,
): Promise<ResourcesOutcome> {
  const { history: historyBucket } = localBuckets(env)
  const [alertsTopicArn, { generatorParameter, redisSecret }] = await Promise.all([
    ensureTopic(access, alertsTopicName(env)),
    ensureSettings(access, env, settings),
    ensureBucket(access, historyBucket),
  ])
  return { alertsTopicArn, historyBucket, generatorParameter, redisSecret }
}

async function ensureTopic(access: AwsAccess, name: string): Promise<string> {
  const sns = new SNSClient(access)
  // If the topic already exists, SNS returns its ARN.
  const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: name }))
  if (!TopicArn) throw new Error(`SNS created the topic ${name}, but returned no ARN`)
  return TopicArn
}

async function ensureBucket(access: AwsAccess, bucket: string): Promise<void> {
  // A local AWS emulator has only one host name, so the bucket name must be in the path.
  const s3 = new S3Client({ ...access, forcePathStyle: access.endpoint !== undefined })
  const there = await s3.send(new HeadBucketCommand({ Bucket: bucket })).catch(unlessMissing)
  if (there) return
  const elsewhere = access.region === 'us-east-1' ? {} : { LocationConstraint: access.region as 'eu-west-1' }
  await s3
    .send(new CreateBucketCommand({ Bucket: bucket, CreateBucketConfiguration: elsewhere }))
    .catch(unless(BucketAlreadyOwnedByYou))
}

/** Returns an error handler that ignores the error for an existing resource and rethrows all others. */
function unless(expected: new (...args: never[]) => Error) {
  return (error: unknown): undefined => {
    if (error instanceof expected) return undefined
    throw error
  }
}

function unlessMissing(error: { $metadata?: { httpStatusCode?: number } }): undefined {
  if (error.$metadata?.httpStatusCode === 404) return undefined
  throw error
}
