import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { isFailure } from '#runtime/cloudevents/event.ts'
import { readEvent } from '#runtime/cloudevents/reader.ts'
import type { FailureData } from '#runtime/consumer/failure-event.ts'
import { Unavailable } from '#runtime/pipeline/errors.ts'
import { MemoryPublisher } from '#runtime/testing/memory-publisher.ts'
import { schemaViolation } from '../../../lib/app/schemas.ts'
import { takeMessages } from '../../../lib/failures/on-failure/messages.ts'
import { FAMILIES, NAMES } from '../../support/families.ts'

const text = (name: string) => readFileSync(new URL(`samples/${name}.json`, import.meta.url), 'utf8')
const SQS = text('sqs')
/** The form of S3: the records as text. */
const S3 = JSON.stringify({
  ...JSON.parse(SQS),
  payload: JSON.stringify(JSON.parse(text('kafka')).payload),
})
const ofObject = (key: string) =>
  JSON.stringify({ Records: [{ eventSource: 'aws:s3', s3: { bucket: { name: 'b' }, object: { key } } }] })

async function taken(bodies: readonly string[], given: { readonly publisher?: MemoryPublisher } = {}) {
  const publisher = given.publisher ?? new MemoryPublisher()
  const read: string[] = []
  const errors: string[] = []
  const { batchItemFailures } = await takeMessages(
    bodies.map((body, index) => ({ messageId: `m${index}`, body })),
    {
      publisher,
      topic: NAMES.topicName('failures', 'test'),
      contentMode: 'binary',
      resolveConsumer: name => name,
      readObject: async ({ bucket, key }) => {
        read.push(`${bucket}/${key}`)
        if (key === 'gone') throw new Error('NoSuchKey')
        return S3
      },
      logError: (_, details) => errors.push(JSON.stringify(details)),
    },
  )
  const failures = publisher.publishedRecords.map(record => {
    const event = readEvent(record)
    assert.ok(!isFailure(event))
    assert.equal(schemaViolation(FAMILIES, event.type, event.data), undefined)
    return { topic: record.topic, key: record.key?.toString(), event, data: event.data as FailureData }
  })
  return { failures, read, errors, stays: batchItemFailures.map(({ itemIdentifier }) => itemIdentifier) }
}

describe('messages about records that Lambda has given up', () => {
  for (const [given, body, place] of [
    ['the form of SQS', SQS, 'Topic/0/0'],
    ['the same through SNS', JSON.stringify({ Type: 'Notification', Message: SQS }), 'Topic/0/0'],
    ['the news of an object', ofObject('a'), 'my-topic/0/100'],
    [
      'the same through SNS',
      JSON.stringify({ Type: 'Notification', Message: ofObject('a') }),
      'my-topic/0/100',
    ],
  ] as const)
    it(`given ${given}, then there is a failure, and nothing stays in the queue`, async () => {
      const { failures, stays } = await taken([body])
      const [failure] = failures
      assert.ok(failure)
      assert.ok(failures.some(({ event }) => event.subject === place))
      assert.deepEqual([failure.topic, stays], ['sluice.telemetry.failures.test', []])
    })

  it('given an object, then its key is decoded as S3 encodes it, and the failure has the bytes and the key', async () => {
    const { failures, read } = await taken([ofObject('aws/lambda/a+b%3D1')])
    assert.deepEqual(read, ['b/aws/lambda/a b=1'])
    const record = failures.find(({ data }) => data.originalTopic === 'my-topic')
    assert.deepEqual([record?.key, record?.data.originalValue], ['test-key', 'dGVzdC12YWx1ZQ=='])
  })

  it('given the message with which S3 tries a connection out, then it is taken, and nothing follows', async () => {
    const { failures, stays } = await taken([JSON.stringify({ Service: 'Amazon S3', Event: 's3:TestEvent' })])
    assert.deepEqual([failures, stays], [[], []])
  })

  it('given bad messages among good ones, then they alone stay in the queue, and their text is not logged', async () => {
    const bad = ['SECRET', '{"SECRET":1}', '[]', ofObject('gone'), '{"Records":[{"s3":{}}]}', ofObject('%E0')]
    const { failures, stays, errors } = await taken([SQS, ...bad, SQS])
    assert.equal(failures.length, 2)
    assert.deepEqual(stays, ['m1', 'm2', 'm3', 'm4', 'm5', 'm6'])
    assert.equal(errors.length, bad.length)
    assert.doesNotMatch(errors.join(), /SECRET/)
  })

  it('given a message that comes again, then its failure has the same id, so that the router drops it', async () => {
    const { failures } = await taken([SQS, SQS])
    assert.equal(new Set(failures.map(({ event }) => event.id)).size, 1)
  })

  it('given Kafka out of reach, then the messages stay in the queue', async () => {
    const publisher = new MemoryPublisher()
    publisher.publish = () => Promise.reject(new Unavailable('broker-unavailable', 'away'))
    assert.deepEqual((await taken([SQS, SQS], { publisher })).stays, ['m0', 'm1'])
  })
})
