import type { Destination } from '../config/destination-setting.ts'
import { awsCredentials, awsEndpoint, awsRegion, installed } from '../support/aws.ts'

/** Sends one payload. For S3, `key` is the object's key. */
export type Put = (payload: string, key?: string) => Promise<void>

/** The delivery retries failed requests and logs them, so the SDK must not. */
const COMMON = { maxAttempts: 1 }

/** Upper bound for a request. Without it, a server that accepts a request and never answers would block its partitions silently. */
const abort = () => ({ abortSignal: AbortSignal.timeout(10_000) })

/** Creates a client. @throws Error if no address stands in for the service: what a local test discards does not belong in an AWS account */
export async function awsPut(kind: Exclude<Destination['kind'], 'kafka'>, arn: string): Promise<Put> {
  const endpoint = awsEndpoint(kind, `nothing is sent to ${arn} in the cloud`)
  const config = { ...COMMON, endpoint, region: awsRegion(arn), ...awsCredentials() }
  if (kind === 'sqs') return sqs(arn, config)
  return kind === 'sns' ? sns(arn, config) : s3(arn, config)
}

async function sqs(arn: string, config: object): Promise<Put> {
  const { SQSClient, GetQueueUrlCommand, SendMessageCommand } = await installed(
    () => import('@aws-sdk/client-sqs'),
    '@aws-sdk/client-sqs',
  )
  // The queue's URL may name another host than the endpoint.
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
