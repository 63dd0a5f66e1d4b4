import assert from 'node:assert/strict'
import process from 'node:process'
import { after, before, describe, it } from 'node:test'
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { type Emulator, startElasticMq, startS3Mock } from '../../../../test/support/aws-emulators.ts'
import { senderFor } from '../../deliver/destinations.ts'
import type { DiscardedRecords } from '../../deliver/invocation-record.ts'
import { mappingOf, queueWithTaken } from '../unit/support.ts'

const REGION = 'eu-west-1'
const client = { region: REGION, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } }

// Everything else is tested with LocalStack, which these two must not reach.
const VARIABLES = ['AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_SQS', 'AWS_ENDPOINT_URL_S3']

function discarded(): DiscardedRecords {
  const { records } = queueWithTaken(3, 0, 2, { message: { value: Buffer.from('a value') } })
  return { parts: [{ partition: 3, records }], condition: 'RetryAttemptsExhausted', invocations: 2 }
}

describe('stand-ins for single services of AWS', () => {
  const usual = new Map(VARIABLES.map(name => [name, process.env[name]]))
  const started: Emulator[] = []
  before(async () => {
    // One at a time, so that the first is stopped if the second does not start.
    for (const start of [startElasticMq, startS3Mock]) started.push(await start())
    process.env.AWS_ENDPOINT_URL = 'http://127.0.0.1:9'
    process.env.AWS_ENDPOINT_URL_SQS = started[0]?.endpoint
    process.env.AWS_ENDPOINT_URL_S3 = started[1]?.endpoint
  })
  after(async () => {
    for (const [name, value] of usual) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
    await Promise.all(started.map(emulator => emulator.stop()))
  })

  const send = (kind: 'sqs' | 's3' | 'sns', arn: string) => {
    const origin = { mapping: mappingOf(), brokers: ['b:1'] }
    return senderFor({ kind, arn }, { origin, groupId: 'g', kafka: undefined as never }).send(discarded())
  }

  it('given ElasticMQ, then a queue receives the metadata (rule 44)', async () => {
    const sqs = new SQSClient(client)
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'failed' }))
    await send('sqs', `arn:aws:sqs:${REGION}:000000000000:failed`)
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }))
    const bodies = Messages.map(({ Body }) => JSON.parse(Body ?? ''))
    assert.deepEqual(
      bodies.map(({ requestContext }) => requestContext.condition),
      ['RetryAttemptsExhausted'],
    )
    assert.equal(bodies[0]?.KafkaBatchInfo.recordsInfo['t-3'].lastRecordOffset, '1')
    sqs.destroy()
  })

  it('given S3Mock, then a bucket receives the metadata and the event (rule 46)', async () => {
    const s3 = new S3Client({ ...client, forcePathStyle: true })
    await s3.send(new CreateBucketCommand({ Bucket: 'failed-records' }))
    await send('s3', 'arn:aws:s3:::failed-records')
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: 'failed-records' }))
    assert.equal(Contents.length, 1)
    const Key = Contents[0]?.Key ?? ''
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'failed-records', Key }))
    const { payload } = JSON.parse((await Body?.transformToString()) ?? '')
    const [record] = JSON.parse(payload).records['t-3']
    assert.equal(Buffer.from(record.value, 'base64').toString(), 'a value')
    s3.destroy()
  })

  it('given a service without a stand-in of its own, then the common one is asked', async () => {
    await assert.rejects(
      send('sns', `arn:aws:sns:${REGION}:000000000000:failed`),
      /ECONNREFUSED.*127\.0\.0\.1:9\b/,
    )
  })
})
