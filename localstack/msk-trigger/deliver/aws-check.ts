import type { Destination } from '../config/destination-setting.ts'
import { awsCredentials, awsEndpoint, awsRegion, installed } from '../support/aws.ts'

type AwsKind = Exclude<Destination['kind'], 'kafka'>

interface Requests {
  ask(): Promise<unknown>
  create(): Promise<unknown>
}

const ANSWER_WITHIN_MS = 5_000
const abort = () => ({ abortSignal: AbortSignal.timeout(ANSWER_WITHIN_MS) })

/** How the services say that there is no such queue, topic or bucket. */
const ABSENT = /NonExistentQueue|QueueDoesNotExist|NotFound|NoSuchBucket/

const WHAT: Readonly<Record<AwsKind, string>> = { sqs: 'queue', sns: 'topic of SNS', s3: 'bucket' }

/** Says what is wrong with a destination in what stands in for AWS; undefined if it exists. Never rejects. */
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

/** Creates a queue, a topic or a bucket in what stands in for AWS. Returns false if it exists already. @throws what the service says */
export async function createInAws(kind: AwsKind, arn: string): Promise<boolean> {
  const { ask, create } = await requestsFor(kind, arn, 'nothing is created in the cloud')
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

/** The type of a queue or topic follows from the end of its name. */
function fifo(name: string, attributes: Readonly<Record<string, string>>) {
  return name.endsWith('.fifo') ? { Attributes: { ...attributes } } : {}
}

const REQUESTS: Readonly<
  Record<AwsKind, (arn: string, config: { readonly region: string }) => Promise<Requests>>
> = {
  async sqs(arn, config) {
    const { SQSClient, CreateQueueCommand, GetQueueUrlCommand } = await installed(
      () => import('@aws-sdk/client-sqs'),
      '@aws-sdk/client-sqs',
    )
    const client = new SQSClient({ ...config, useQueueUrlAsEndpoint: false })
    const [QueueOwnerAWSAccountId, QueueName = ''] = arn.split(':').slice(-2)
    const queue = { QueueName, ...fifo(QueueName, { FifoQueue: 'true' }) }
    return {
      ask: () => client.send(new GetQueueUrlCommand({ QueueName, QueueOwnerAWSAccountId }), abort()),
      create: () => client.send(new CreateQueueCommand(queue), abort()),
    }
  },
  async sns(arn, config) {
    const { SNSClient, CreateTopicCommand, GetTopicAttributesCommand } = await installed(
      () => import('@aws-sdk/client-sns'),
      '@aws-sdk/client-sns',
    )
    const client = new SNSClient(config)
    const topic = { Name: nameIn(arn), ...fifo(nameIn(arn), { FifoTopic: 'true' }) }
    return {
      ask: () => client.send(new GetTopicAttributesCommand({ TopicArn: arn }), abort()),
      create: () => client.send(new CreateTopicCommand(topic), abort()),
    }
  },
  async s3(arn, config) {
    const { S3Client, CreateBucketCommand, HeadBucketCommand } = await installed(
      () => import('@aws-sdk/client-s3'),
      '@aws-sdk/client-s3',
    )
    const client = new S3Client({ ...config, forcePathStyle: true })
    const Bucket = nameIn(arn)
    return {
      ask: () => client.send(new HeadBucketCommand({ Bucket }), abort()),
      // The client puts its region into the request.
      create: () => client.send(new CreateBucketCommand({ Bucket }), abort()),
    }
  },
}
