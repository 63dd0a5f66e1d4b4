import { BucketAlreadyOwnedByYou, CreateBucketCommand, HeadBucketCommand, S3Client } from '@aws-sdk/client-s3'
import {
  CreateSecretCommand,
  ResourceExistsException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import { CreateTopicCommand, SNSClient } from '@aws-sdk/client-sns'
import { ParameterAlreadyExists, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm'

export interface AwsAccess {
  /** A stand-in's address; AWS itself where there is none. */
  readonly endpoint?: string
  readonly region: string
  /** Those of the environment where there are none. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

/** The settings that are written where none are yet: what a person has changed since stays. */
export interface InitialSettings {
  readonly generator: unknown
  readonly redis: { readonly username: string; readonly password: string }
}

export interface ResourcesOutcome {
  readonly alertsTopicArn: string
  readonly historyBucket: string
  readonly generatorParameter: string
  readonly redisSecret: string
}

/** Creates what the functions of one environment need of AWS, where it is missing. */
export async function ensureResources(
  access: AwsAccess,
  env: string,
  settings: InitialSettings,
): Promise<ResourcesOutcome> {
  const historyBucket = `sluice-history-${env}`
  const generatorParameter = `/sluice/${env}/generator`
  const redisSecret = `sluice/${env}/redis`
  const [alertsTopicArn] = await Promise.all([
    ensureTopic(access, `sluice-alerts-${env}`),
    ensureBucket(access, historyBucket),
    ensureParameter(access, generatorParameter, JSON.stringify(settings.generator)),
    ensureSecret(access, redisSecret, JSON.stringify(settings.redis)),
  ])
  return { alertsTopicArn, historyBucket, generatorParameter, redisSecret }
}

async function ensureTopic(access: AwsAccess, name: string): Promise<string> {
  const sns = new SNSClient(access)
  // Creating a topic that exists answers with the one that is there.
  const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: name }))
  if (!TopicArn) throw new Error(`SNS created the topic ${name} and named no ARN`)
  return TopicArn
}

async function ensureBucket(access: AwsAccess, bucket: string): Promise<void> {
  // A stand-in has one host name, so the bucket's name cannot be part of it.
  const s3 = new S3Client({ ...access, forcePathStyle: access.endpoint !== undefined })
  const there = await s3.send(new HeadBucketCommand({ Bucket: bucket })).catch(unlessMissing)
  if (there) return
  const elsewhere = access.region === 'us-east-1' ? {} : { LocationConstraint: access.region as 'eu-west-1' }
  await s3
    .send(new CreateBucketCommand({ Bucket: bucket, CreateBucketConfiguration: elsewhere }))
    .catch(unless(BucketAlreadyOwnedByYou))
}

async function ensureParameter(access: AwsAccess, name: string, value: string): Promise<void> {
  const put = new PutParameterCommand({ Name: name, Value: value, Type: 'String', Overwrite: false })
  await new SSMClient(access).send(put).catch(unless(ParameterAlreadyExists))
}

async function ensureSecret(access: AwsAccess, name: string, value: string): Promise<void> {
  const create = new CreateSecretCommand({ Name: name, SecretString: value })
  await new SecretsManagerClient(access).send(create).catch(unless(ResourceExistsException))
}

/** Lets one kind of refusal pass: that the thing is there already. */
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
