import type { Destination } from '../config/destination.ts'
import { awsCredentials, awsEndpoint, awsRegion, installed } from '../support/aws.ts'

type AwsKind = Exclude<Destination['kind'], 'kafka'>

/** Sends nothing. Resolves if it exists. */
type Ask = () => Promise<unknown>

const ANSWER_WITHIN_MS = 5_000
const abort = () => ({ abortSignal: AbortSignal.timeout(ANSWER_WITHIN_MS) })

/** How the services say that there is no such queue, topic or bucket. */
const ABSENT = /NonExistentQueue|QueueDoesNotExist|NotFound|NoSuchBucket/

const WHAT: Readonly<Record<AwsKind, string>> = { sqs: 'queue', sns: 'topic of SNS', s3: 'bucket' }

/** Says what is wrong with a destination in what stands in for AWS; undefined if it exists. Never rejects. */
export async function awsProblem(kind: AwsKind, arn: string): Promise<string | undefined> {
  const name = arn.split(':').at(-1)
  try {
    const endpoint = awsEndpoint(kind, `nothing can be sent to ${arn}`)
    const config = { endpoint, region: awsRegion(arn), maxAttempts: 1, ...awsCredentials() }
    try {
      await (await ASKS[kind](arn, config))()
      return undefined
    } catch (error) {
      const { name: type, message } = error as Error
      return ABSENT.test(type)
        ? `${WHAT[kind]} ${name} does not exist at ${endpoint}: create it`
        : `${WHAT[kind]} ${name} cannot be reached at ${endpoint}: ${message || type}`
    }
  } catch (error) {
    return (error as Error).message
  }
}

const ASKS: Readonly<Record<AwsKind, (arn: string, config: object) => Promise<Ask>>> = {
  async sqs(arn, config) {
    const { SQSClient, GetQueueUrlCommand } = await installed(
      () => import('@aws-sdk/client-sqs'),
      '@aws-sdk/client-sqs',
    )
    const client = new SQSClient({ ...config, useQueueUrlAsEndpoint: false })
    const [QueueOwnerAWSAccountId, QueueName] = arn.split(':').slice(-2)
    return () => client.send(new GetQueueUrlCommand({ QueueName, QueueOwnerAWSAccountId }), abort())
  },
  async sns(arn, config) {
    const { SNSClient, GetTopicAttributesCommand } = await installed(
      () => import('@aws-sdk/client-sns'),
      '@aws-sdk/client-sns',
    )
    return () => new SNSClient(config).send(new GetTopicAttributesCommand({ TopicArn: arn }), abort())
  },
  async s3(arn, config) {
    const { S3Client, HeadBucketCommand } = await installed(
      () => import('@aws-sdk/client-s3'),
      '@aws-sdk/client-s3',
    )
    const client = new S3Client({ ...config, forcePathStyle: true })
    return () => client.send(new HeadBucketCommand({ Bucket: arn.split(':').at(-1) }), abort())
  },
}
