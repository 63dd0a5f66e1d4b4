import process from 'node:process'
import type { Destination } from './destination.ts'

/** Sends one payload. `key` is the name of the object, for S3. */
export type Put = (payload: string, key?: string) => Promise<void>

/** What fails is tried again by the delivery, which says so. */
const COMMON = { maxAttempts: 1 }

/** The time for a request: a server that takes it and never answers would hold its partitions without a word. */
const abort = () => ({ abortSignal: AbortSignal.timeout(10_000) })

/** A client of one destination. The SDK is loaded here and not before: few projects need it. */
export async function awsPut(kind: Exclude<Destination['kind'], 'kafka'>, arn: string): Promise<Put> {
  // The ARN of a bucket has no region.
  const region = arn.split(':')[3] || process.env.AWS_REGION || 'us-east-1'
  const config = { ...COMMON, region, ...credentials() }
  if (kind === 'sqs') return sqs(arn, config)
  return kind === 'sns' ? sns(arn, config) : s3(arn, config)
}

/** A server on this machine asks for none, but the SDK does. */
function credentials() {
  if (process.env.AWS_ACCESS_KEY_ID || process.env.AWS_PROFILE) return {}
  return { credentials: { accessKeyId: 'test', secretAccessKey: 'test' } }
}

async function sqs(arn: string, config: object): Promise<Put> {
  const { SQSClient, GetQueueUrlCommand, SendMessageCommand } = await installed(
    () => import('@aws-sdk/client-sqs'),
    '@aws-sdk/client-sqs',
  )
  // The URL that a queue gives can name a host that is not the endpoint's.
  const client = new SQSClient({ ...config, useQueueUrlAsEndpoint: false })
  const [QueueOwnerAWSAccountId, QueueName] = arn.split(':').slice(-2)
  return async payload => {
    const { QueueUrl } = await client.send(
      new GetQueueUrlCommand({ QueueName, QueueOwnerAWSAccountId }),
      abort(),
    )
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody: payload }), abort())
  }
}

async function sns(arn: string, config: object): Promise<Put> {
  const { SNSClient, PublishCommand } = await installed(
    () => import('@aws-sdk/client-sns'),
    '@aws-sdk/client-sns',
  )
  const client = new SNSClient(config)
  return async payload => {
    await client.send(new PublishCommand({ TopicArn: arn, Message: payload }), abort())
  }
}

async function s3(arn: string, config: object): Promise<Put> {
  const { S3Client, PutObjectCommand } = await installed(
    () => import('@aws-sdk/client-s3'),
    '@aws-sdk/client-s3',
  )
  const client = new S3Client({ ...config, forcePathStyle: true })
  const Bucket = arn.split(':').at(-1)
  return async (payload, Key) => {
    await client.send(
      new PutObjectCommand({ Bucket, Key, Body: payload, ContentType: 'application/json' }),
      abort(),
    )
  }
}

async function installed<T>(load: () => Promise<T>, name: string): Promise<T> {
  try {
    return await load()
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new Error(`${name} is missing: npm install --save-dev ${name}`)
  }
}
