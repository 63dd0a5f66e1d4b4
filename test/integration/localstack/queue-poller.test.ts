/** Records that Lambda has given up, from queue and bucket of the local cloud into Kafka. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { after, it } from 'node:test'
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import type { SQSEvent } from 'aws-lambda'
import { takeMessages } from '../../../lib/app/on-failure.ts'
import { localSqs, pollQueue } from '../../../localstack/start/queue-poller.ts'
import { kafkaClient } from '../../../packages/runtime/adapters/kafka/client.ts'
import { KafkaPublisher } from '../../../packages/runtime/producer/publisher.ts'
import { TestEnvironment } from '../../support/environment.ts'
import { awsEndpoint, brokers } from '../../support/servers.ts'
import { until } from '../../support/until.ts'

const REGION = 'us-east-1'
const samples = new URL('../../unit/failures/samples/', import.meta.url)
const [SQS = '', KAFKA = ''] = ['sqs', 'kafka'].map(name =>
  readFileSync(new URL(`${name}.json`, samples), 'utf8'),
)

const sqs = localSqs(awsEndpoint(), REGION)
const publisher = new KafkaPublisher(kafkaClient({ brokers: brokers(), clientId: 'test', auth: 'none' }))
const environment = await TestEnvironment.create()
const s3 = new S3Client({
  endpoint: awsEndpoint(),
  region: REGION,
  forcePathStyle: true,
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
})
const over = new AbortController()
after(async () => {
  over.abort()
  s3.destroy()
  await Promise.all([publisher.close(), environment.close()])
})

it('given a message and an object, then their failures are in Kafka; a bad message stays', async () => {
  const QueueName = `given-up-${randomUUID()}`
  const { QueueUrl } = await sqs('CreateQueue', { QueueName, Attributes: { VisibilityTimeout: '600' } })
  const Bucket = `given-up-${randomUUID()}`
  await s3.send(new CreateBucketCommand({ Bucket }))
  const object = { ...JSON.parse(SQS), payload: JSON.stringify(JSON.parse(KAFKA).payload) }
  await s3.send(new PutObjectCommand({ Bucket, Key: 'a b', Body: JSON.stringify(object) }))
  const news = { Records: [{ s3: { bucket: { name: Bucket }, object: { key: 'a+b' } } }] }
  for (const MessageBody of [SQS, JSON.stringify(news), 'nothing of Lambda'])
    await sqs('SendMessage', { QueueUrl, MessageBody })
  const failed: string[] = []
  const config = { env: environment.name, contentMode: 'binary' } as const
  const readObject = async ({ bucket, key }: { bucket: string; key: string }) => {
    const { GetObjectCommand } = await import('@aws-sdk/client-s3')
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
    return (await Body?.transformToString()) ?? ''
  }
  const ports = { publisher, readObject, failed: (_: string, { name }: Error) => void failed.push(name) }
  const polling = {
    queueArn: `arn:aws:sqs:${REGION}:000000000000:${QueueName}`,
    sqs,
    waitSeconds: 1,
    say: (line: string) => assert.fail(line),
    invoke: (event: object) => takeMessages(event as SQSEvent, config, ports),
  }
  const polled = pollQueue(polling, over.signal)
  const counts = async () => {
    const AttributeNames = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible']
    const { Attributes } = await sqs('GetQueueAttributes', { QueueUrl, AttributeNames })
    return Object.values(Attributes as object).reduce((sum, count) => sum + Number(count), 0)
  }
  await until(
    'all but the bad message have been taken',
    async () => failed.length === 1 && (await counts()) === 1,
  )
  over.abort()
  await polled
  const found = (await environment.read('failures')).map(({ headers }) => String(headers?.ce_subject)).sort()
  assert.deepEqual(found, ['Topic/0/0', 'Topic/0/0', 'my-topic/0/100'])
  assert.deepEqual(failed, ['NotDiscarded'])
})
