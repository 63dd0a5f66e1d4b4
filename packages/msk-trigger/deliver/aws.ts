import type { Destination } from '../config/destination-setting.ts'
import { awsCredentials, awsEndpoint, awsRegion, installed } from '../support/aws.ts'

type AwsKind = Exclude<Destination['kind'], 'kafka'>

/** Sends a payload. For S3, `key` is the key of the object. */
export type Put = (payload: string, key?: string) => Promise<unknown>

/** Requests for one queue, topic or bucket. */
interface Requests {
  /** Resolves if the resource exists; otherwise rejects. */
  ask(): Promise<unknown>
  create(): Promise<unknown>
  readonly put: Put
}

/** Names of the errors with which the services report a missing queue, topic or bucket. */
const ABSENT = /NonExistentQueue|QueueDoesNotExist|NotFound|NoSuchBucket/

const WHAT: Readonly<Record<AwsKind, string>> = { sqs: 'queue', sns: 'topic of SNS', s3: 'bucket' }

const ANSWER_WITHIN_MS = 5_000
/**
 * Time limit of a request, in milliseconds. Without it, a server that accepts a request but never responds would block the
 * partitions without any log line.
 */
const TAKEN_WITHIN_MS = 10_000
const within = (ms: number) => ({ abortSignal: AbortSignal.timeout(ms) })

/**
 * Returns a function that sends payloads to the resource.
 *
 * @throws Error if no emulator endpoint is configured, because discarded records must not be sent to a real AWS account
 */
export async function awsPut(kind: AwsKind, arn: string): Promise<Put> {
  return (await requestsFor(kind, arn, `nothing is sent to ${arn}: the trigger does not access the cloud`))
    .put
}

/** Describes the problem with a destination in the emulator. Returns undefined if the destination exists. Never rejects. */
export async function awsProblem(kind: AwsKind, arn: string): Promise<string | undefined> {
  try {
    const { endpoint, ask } = await requestsFor(kind, arn, `nothing can be sent to ${arn}`)
    try {
      await ask()
      return undefined
    } catch (error) {
      const { name: type, message } = error as Error
      return isAbsent(error)
        ? `${awsName(kind, arn)} does not exist at ${endpoint}: create it`
        : `${awsName(kind, arn)} cannot be reached at ${endpoint}: ${message || type}`
    }
  } catch (error) {
    return (error as Error).message
  }
}

/**
 * Creates a queue, a topic or a bucket in the emulator. Returns false if it already exists.
 *
 * @throws the error of the service
 */
export async function createInAws(kind: AwsKind, arn: string): Promise<boolean> {
  const { ask, create } = await requestsFor(
    kind,
    arn,
    'nothing is created: the trigger does not access the cloud',
  )
  try {
    await ask()
    return false
  } catch (error) {
    if (!isAbsent(error)) throw error
  }
  await create()
  return true
}

export function awsName(kind: AwsKind, arn: string): string {
  return `${WHAT[kind]} ${nameIn(arn)}`
}

/**
 * Loads the SDK on demand, because few projects need it, and returns the requests for a resource. The SDK must not retry, because
 * the delivery itself retries and logs every attempt.
 */
async function requestsFor(kind: AwsKind, arn: string, otherwise: string) {
  const endpoint = awsEndpoint(kind, otherwise)
  const config = { endpoint, region: awsRegion(arn), maxAttempts: 1, ...awsCredentials() }
  return { endpoint, ...(await REQUESTS[kind](arn, config)) }
}

function isAbsent(error: unknown): boolean {
  return ABSENT.test((error as Error).name)
}

function nameIn(arn: string): string {
  return arn.slice(arn.lastIndexOf(':') + 1)
}

/** Returns the attributes if the name ends with `.fifo`. AWS requires this suffix and an attribute for FIFO queues and topics. */
function fifo(name: string, attributes: Readonly<Record<string, string>>) {
  return name.endsWith('.fifo') ? { Attributes: { ...attributes } } : {}
}

const REQUESTS: Readonly<
  Record<AwsKind, (arn: string, config: { readonly region: string }) => Promise<Requests>>
> = {
  async sqs(arn, config) {
    const sdk = await installed(() => import('@aws-sdk/client-sqs'), '@aws-sdk/client-sqs')
    // Send requests to the endpoint, because the host in the queue's URL may differ from it.
    const client = new sdk.SQSClient({ ...config, useQueueUrlAsEndpoint: false })
    const [QueueOwnerAWSAccountId, QueueName = ''] = arn.split(':').slice(-2)
    const queue = { QueueName, ...fifo(QueueName, { FifoQueue: 'true' }) }
    const ask = (ms: number) =>
      client.send(new sdk.GetQueueUrlCommand({ QueueName, QueueOwnerAWSAccountId }), within(ms))
    return {
      ask: () => ask(ANSWER_WITHIN_MS),
      create: () => client.send(new sdk.CreateQueueCommand(queue), within(ANSWER_WITHIN_MS)),
      put: async MessageBody => {
        const { QueueUrl } = await ask(TAKEN_WITHIN_MS)
        return client.send(new sdk.SendMessageCommand({ QueueUrl, MessageBody }), within(TAKEN_WITHIN_MS))
      },
    }
  },
  async sns(TopicArn, config) {
    const sdk = await installed(() => import('@aws-sdk/client-sns'), '@aws-sdk/client-sns')
    const client = new sdk.SNSClient(config)
    const topic = { Name: nameIn(TopicArn), ...fifo(nameIn(TopicArn), { FifoTopic: 'true' }) }
    return {
      ask: () => client.send(new sdk.GetTopicAttributesCommand({ TopicArn }), within(ANSWER_WITHIN_MS)),
      create: () => client.send(new sdk.CreateTopicCommand(topic), within(ANSWER_WITHIN_MS)),
      put: Message => client.send(new sdk.PublishCommand({ TopicArn, Message }), within(TAKEN_WITHIN_MS)),
    }
  },
  async s3(arn, config) {
    const sdk = await installed(() => import('@aws-sdk/client-s3'), '@aws-sdk/client-s3')
    const client = new sdk.S3Client({ ...config, forcePathStyle: true })
    const Bucket = nameIn(arn)
    const ContentType = 'application/json'
    return {
      ask: () => client.send(new sdk.HeadBucketCommand({ Bucket }), within(ANSWER_WITHIN_MS)),
      // The client itself adds its region to the request.
      create: () => client.send(new sdk.CreateBucketCommand({ Bucket }), within(ANSWER_WITHIN_MS)),
      put: (Body, Key) =>
        client.send(new sdk.PutObjectCommand({ Bucket, Key, Body, ContentType }), within(TAKEN_WITHIN_MS)),
    }
  },
}
