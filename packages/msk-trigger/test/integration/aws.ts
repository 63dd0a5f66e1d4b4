import { randomUUID } from 'node:crypto'
import process from 'node:process'
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutBucketEncryptionCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns'
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs'

const endpoint = process.env.AWS_ENDPOINT_URL ?? ''

/** Reason for skipping the tests of AWS; false if there is a LocalStack. */
export const WITHOUT_AWS =
  endpoint === '' && 'AWS_ENDPOINT_URL is not set, for example to http://127.0.0.1:4566 for a LocalStack'

const REGION = 'eu-west-1'
const ACCOUNT = '000000000000'
const DISTANT = { region: 'us-west-2', account: '111122223333' }
const config = { endpoint, region: REGION, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } }

/** Queues, topics and buckets that only this test uses. */
export class TestAws {
  readonly #sqs = new SQSClient({ ...config, useQueueUrlAsEndpoint: false })
  #distant: SQSClient | undefined
  readonly #sns = new SNSClient(config)
  readonly #s3 = new S3Client({ ...config, forcePathStyle: true })

  /** The ARN of a queue with this name, whether or not it exists. */
  queueArn(name: string): string {
    return `arn:aws:sqs:${REGION}:${ACCOUNT}:${name}`
  }

  async queue(name = `q-${randomUUID()}`): Promise<{ arn: string; receive: () => Promise<string[]> }> {
    return { arn: this.queueArn(name), receive: await this.#createQueue(this.#sqs, name) }
  }

  /** A queue of another account, in another region. */
  async distantQueue(): Promise<{ arn: string; receive: () => Promise<string[]> }> {
    const credentials = { accessKeyId: DISTANT.account, secretAccessKey: 'test' }
    this.#distant ??= new SQSClient({
      ...{ ...config, region: DISTANT.region, credentials },
      useQueueUrlAsEndpoint: false,
    })
    const name = `q-${randomUUID()}`
    const receive = await this.#createQueue(this.#distant, name)
    return { arn: `arn:aws:sqs:${DISTANT.region}:${DISTANT.account}:${name}`, receive }
  }

  /** A topic whose messages are forwarded to a queue, unchanged. */
  async topic(): Promise<{ arn: string; receive: () => Promise<string[]> }> {
    const { TopicArn } = await this.#sns.send(new CreateTopicCommand({ Name: `t-${randomUUID()}` }))
    const { arn: Endpoint, receive } = await this.queue()
    const Attributes = { RawMessageDelivery: 'true' }
    await this.#sns.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint, Attributes }))
    return { arn: TopicArn ?? '', receive }
  }

  /** A bucket that encrypts its objects with a key of KMS. */
  async bucket(): Promise<{ arn: string; objects: () => Promise<Record<string, string>> }> {
    const Bucket = `b-${randomUUID()}`
    const CreateBucketConfiguration = { LocationConstraint: REGION } as const
    await this.#s3.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration }))
    const KMSMasterKeyID = `arn:aws:kms:${REGION}:${ACCOUNT}:key/${randomUUID()}`
    const byDefault = { SSEAlgorithm: 'aws:kms', KMSMasterKeyID } as const
    const ServerSideEncryptionConfiguration = { Rules: [{ ApplyServerSideEncryptionByDefault: byDefault }] }
    await this.#s3.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration }))
    return { arn: `arn:aws:s3:::${Bucket}`, objects: () => this.#objects(Bucket) }
  }

  close(): void {
    for (const client of [this.#sqs, this.#distant, this.#sns, this.#s3]) client?.destroy()
  }

  /** Creates a queue. Returns a function that takes the messages out of it. */
  async #createQueue(client: SQSClient, QueueName: string): Promise<() => Promise<string[]>> {
    const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName }))
    return async () => {
      const request = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 })
      const { Messages = [] } = await client.send(request)
      for (const { ReceiptHandle } of Messages)
        await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }))
      return Messages.map(({ Body = '' }) => Body)
    }
  }

  async #objects(Bucket: string): Promise<Record<string, string>> {
    const { Contents = [] } = await this.#s3.send(new ListObjectsV2Command({ Bucket }))
    const objects = await Promise.all(
      Contents.map(async ({ Key = '' }) => {
        const { Body } = await this.#s3.send(new GetObjectCommand({ Bucket, Key }))
        return [Key, (await Body?.transformToString()) ?? '']
      }),
    )
    return Object.fromEntries(objects)
  }
}
