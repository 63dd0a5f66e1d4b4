import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { LogRecord } from '#runtime/cloudevents/record.ts'
import type { Event } from '#runtime/consumer/event.ts'
import { toFunctionName } from '../../../lib/app/resource-names.ts'
import { schemaViolation } from '../../../lib/app/schemas.ts'
import { type DeadLetter, dlqRouter } from '../../../lib/failures/dlq-router.ts'
import {
  type Discarded,
  NotDiscarded,
  readDiscarded,
  toLogRecords,
} from '../../../lib/failures/on-failure/discarded-batch.ts'
import { failureEvent, toFailures } from '../../../lib/failures/on-failure/to-failures.ts'
import { DEFAULT_POLICY } from '../../../lib/failures/policy.ts'
import { FAMILIES, NAMES } from '../../support/families.ts'
import { Stage } from '../../support/stage.ts'

// biome-ignore lint/suspicious/noExplicitAny: tests change any part of it
type Sample = any

/** AWS's own samples: see the pages named in `discarded-batch.ts`. */
const sample = (name: 'kafka' | 'sqs'): Sample =>
  JSON.parse(readFileSync(new URL(`samples/${name}.json`, import.meta.url), 'utf8'))

/** The form of S3: the metadata of SQS, and the whole event as text. */
function s3(): Sample {
  const record = sample('kafka').payload.records['my-topic-0'][0]
  const at = (partition: number, ...offsets: number[]) =>
    offsets.map(offset => ({ ...record, partition, offset }))
  const payload = {
    eventSource: 'aws:kafka',
    records: { 'my-topic-0': at(0, 101, 100), 'my-topic-1': at(1, 7) },
  }
  const range = (first: number, last: number) => ({
    firstRecordOffset: `${first}`,
    lastRecordOffset: `${last}`,
  })
  const made = sample('sqs')
  made.KafkaBatchInfo.recordsInfo = { 'my-topic-0': range(100, 101), 'my-topic-1': range(7, 7) }
  return { ...made, payload: JSON.stringify(payload) }
}

const changed = (from: Sample, change: (of: Sample) => void): Sample => {
  change(from)
  return from
}
const places = (discarded: Discarded) => [
  ...toLogRecords(discarded).map(({ topic, partition, offset }) => `${topic}/${partition}/${offset}`),
  ...discarded.ranges.map(
    ({ topic, partition, firstOffset, lastOffset }) => `${topic}/${partition}/${firstOffset}-${lastOffset}`,
  ),
]
const KINESIS_LIKE =
  '49601189658422359378836298521827638475320189012309704722-49601189658422359378836298522902373528957594348623495186'

describe('what Lambda writes when it has given up records', () => {
  for (const [given, content, ...expected] of [
    ['the form of SQS and SNS', sample('sqs'), `Topic/0/${KINESIS_LIKE}`],
    ['the form of Kafka', sample('kafka'), 'my-topic/0/100'],
    ['the form of S3', s3(), 'my-topic/0/100', 'my-topic/0/101', 'my-topic/1/7'],
    [
      'offsets as texts in the payload',
      changed(sample('kafka'), it => {
        it.payload.records['my-topic-0'][0].offset = '100'
      }),
      'my-topic/0/100',
    ],
    [
      'a payload that is null',
      changed(sample('sqs'), it => {
        it.payload = null
      }),
      `Topic/0/${KINESIS_LIKE}`,
    ],
    [
      'a record that the payload leaves out',
      changed(s3(), it => {
        const payload = JSON.parse(it.payload)
        payload.records['my-topic-1'] = []
        it.payload = JSON.stringify(payload)
      }),
      'my-topic/0/100',
      'my-topic/0/101',
      'my-topic/1/7-7',
    ],
    [
      'one record in Kafka that the payload leaves out',
      changed(sample('kafka'), it => {
        it.payload.records['my-topic-0'] = []
        it.KafkaBatchInfo.recordInfo.offset = '100'
      }),
      'my-topic/0/100-100',
    ],
    [
      'a tombstone without key and value, and no time',
      changed(sample('kafka'), it => {
        const {
          key: _,
          value: __,
          timestamp: ___,
          headers: ____,
          ...bare
        } = it.payload.records['my-topic-0'][0]
        it.payload.records['my-topic-0'] = [bare]
        it.timestamp = 'yesterday'
      }),
      'my-topic/0/100',
    ],
  ] as const)
    it(`given ${given}, then every record is found`, () => {
      const discarded = readDiscarded(content)
      assert.deepEqual(places(discarded), expected)
      const failures = toFailures(discarded, name => name)
      assert.equal(failures.length, expected.length)
      for (const failure of failures) {
        const { type, data } = failureEvent(discarded, failure)
        assert.equal(schemaViolation(FAMILIES, type, data), undefined)
      }
    })

  for (const [given, content] of [
    ['null', null],
    ['a list', []],
    ['no information on the batch', { ...sample('sqs'), KafkaBatchInfo: undefined }],
    ['the record of a queue', { ...sample('sqs'), KafkaBatchInfo: { batchSize: 1 } }],
    ['a payload that is no JSON', { ...s3(), payload: '{"records":' }],
    [
      'no record',
      changed(sample('sqs'), it => {
        it.KafkaBatchInfo.recordsInfo = {}
      }),
    ],
  ] as const)
    it(`given ${given}, then it is not such a record`, () =>
      assert.throws(() => readDiscarded(content), NotDiscarded))

  it('given any JSON in the place of any part, then it is read or refused, and nothing else is thrown', () => {
    const forms = [sample('kafka'), sample('sqs'), s3()]
    let refused = 0
    fc.assert(
      fc.property(fc.nat(2), fc.nat(), fc.jsonValue(), (form, at, value) => {
        const content = structuredClone(forms[form])
        const spots = listSpots(content)
        const [parent, key] = spots[at % spots.length] as readonly [Sample, string]
        parent[key] = value
        try {
          const discarded = readDiscarded(content)
          for (const failure of toFailures(discarded, name => name))
            assert.equal(schemaViolation(FAMILIES, 'io.sluice.failure.v1', failure), undefined)
        } catch (error) {
          assert.ok(error instanceof NotDiscarded, String(error))
          refused += 1
        }
      }),
      { numRuns: 500 },
    )
    assert.ok(refused > 10, 'parts were broken')
  })
})

function listSpots(value: Sample): (readonly [Sample, string])[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.keys(value).flatMap(key => [[value, key] as const, ...listSpots(value[key])])
}

describe('the failures of what Lambda has given up', () => {
  it('given a record, then its bytes are those of the log, without the headers of a redrive', () => {
    const bytes = (text: string) => [...Buffer.from(text)]
    const content = changed(sample('kafka'), it => {
      it.payload.records['my-topic-0'][0].headers = [
        { a: bytes('1') },
        { a: [-1, 255] },
        { 'sluice-redrive-consumer': bytes('x') },
      ]
    })
    const [failure] = toFailures(readDiscarded(content), () => 'alerting')
    assert.deepEqual(failure, {
      originalTopic: 'my-topic',
      originalPartition: 0,
      originalOffset: 100,
      originalTimestamp: 1_749_116_692_330,
      originalKey: 'dGVzdC1rZXk=',
      originalValue: 'dGVzdC12YWx1ZQ==',
      originalHeaders: [
        { name: 'a', value: 'MQ==' },
        { name: 'a', value: '//8=' },
      ],
      error:
        'Lambda discarded it: RetriesExhausted of my-function, request e4b46cbf-b738-xmpl-8880-a18cdf61200e',
      errorType: 'lambda-discarded',
      consumer: 'alerting',
      attempt: 1,
      firstFailedAt: '2019-11-14T18:16:05.568Z',
      failedAt: '2019-11-14T18:16:05.568Z',
      history: [],
      omitted: [],
      parks: false,
    })
  })

  it('given a value whose schema id Lambda has removed, then the failure has it as the log does', () => {
    const valueSchemaMetadata = { dataFormat: 'AVRO', schemaId: '7' }
    const discarded = readDiscarded(
      changed(sample('kafka'), ({ payload }) => {
        Object.assign(payload.records['my-topic-0'][0], { value: 'Agg=', valueSchemaMetadata })
      }),
    )
    const [failure] = toFailures(discarded, name => name)
    assert.equal(failure?.originalValue, Buffer.of(0, 0, 0, 0, 7, 2, 8).toString('base64'))
    assert.deepEqual(failure?.omitted, [])
  })

  it('given a value that Lambda has decoded, then the failure says that it is only in the log', () => {
    const valueSchemaMetadata = { dataFormat: 'AVRO', schemaId: '7' }
    const value = Buffer.from('{"a":1}').toString('base64')
    const discarded = readDiscarded(
      changed(sample('kafka'), ({ payload }) => {
        Object.assign(payload.records['my-topic-0'][0], { value, valueSchemaMetadata })
      }),
    )
    const [failure] = toFailures(discarded, name => name)
    assert.deepEqual([failure?.originalValue, failure?.omitted], [null, ['value']])
  })

  it('given places alone, then the failure names topic, partition and offsets, and cannot be retried', () => {
    const [failure] = toFailures(readDiscarded(sample('sqs')), name => name)
    assert.match(
      String(failure?.error),
      new RegExp(`: Topic, partition 0, offsets ${KINESIS_LIKE.replace('-', ' to ')}$`),
    )
    assert.deepEqual(failure?.omitted, ['key', 'value', 'headers'])
  })

  it('given a record that is too large to travel, then its value is left out, and its place remains', () => {
    const content = changed(sample('kafka'), it => {
      it.payload.records['my-topic-0'][0].value = 'AAAA'.repeat(600_000)
    })
    const [failure] = toFailures(readDiscarded(content), name => name)
    assert.deepEqual(
      [failure?.omitted, failure?.originalValue, failure?.originalOffset],
      [['value'], null, 100],
    )
  })

  it('given copies of what Lambda wrote, then the event is the same; another request gives another', () => {
    const id = (content: Sample) => {
      const discarded = readDiscarded(content)
      return toFailures(discarded, name => name).map(failure => failureEvent(discarded, failure).id)
    }
    assert.deepEqual(id(s3()), id(s3()))
    assert.equal(new Set(id(s3())).size, 3)
    const later = changed(s3(), it => {
      it.requestContext.requestId = 'another'
    })
    assert.ok(id(later).every(text => !id(s3()).includes(text)))
  })

  it('given the name of a Lambda function, then the consumer is the one of its entry', () => {
    assert.equal(toFunctionName('sluice-prod-dlq-router', 'prod'), 'dlq-router')
    assert.equal(toFunctionName('sluice-local-alerting', 'lab'), 'alerting')
    assert.equal(toFunctionName('orders', 'prod'), 'orders')
  })
})

describe('the router, given what Lambda writes to the failures topic', () => {
  const router = () =>
    dlqRouter({
      policy: DEFAULT_POLICY,
      findTopicName: () => undefined,
      resolveConsumer: name => toFunctionName(name, 'test'),
    })
  const written = (
    content: unknown,
    signal: 'failures' | 'readings' = 'failures',
    offset = 0,
  ): LogRecord => ({
    topic: NAMES.topicName(signal, 'test'),
    partition: 0,
    offset,
    timestampMs: Date.parse('2026-03-01T13:00:00Z'),
    key: Buffer.from('test-key'),
    value: Buffer.from(typeof content === 'string' ? content : JSON.stringify(content)),
    headers: [],
  })

  it('when it is a record, then it becomes a dead letter with the record in it, once', async () => {
    const stage = new Stage(router())
    await stage.batch([written(sample('kafka')), written(sample('kafka'), 'failures', 1)])
    assert.deepEqual(stage.outcomes, ['applied/not-retried', 'duplicate/id-known'])
    const [event, ...others] = stage.events as Event<DeadLetter>[]
    assert.deepEqual(others, [])
    assert.equal(event?.source, '/consumers/my-function')
    assert.equal(event?.subject, 'my-topic/0/100')
    assert.equal(event?.data?.originalValue, 'dGVzdC12YWx1ZQ==')
    assert.equal(schemaViolation(FAMILIES, String(event?.type), event?.data), undefined)
    assert.equal(String(stage.publisher.publishedRecords[0]?.key), 'test-key')
  })

  it('when it has several records, then each becomes a dead letter', async () => {
    const stage = new Stage(router())
    await stage.batch([written(s3())])
    assert.deepEqual(
      stage.events.map(({ subject }) => subject),
      ['my-topic/0/100', 'my-topic/0/101', 'my-topic/1/7'],
    )
  })

  for (const [given, record] of [
    ['something else that is JSON', written({ hello: 1 })],
    ['something that is not', written('{')],
    ['such a record in another topic', written(sample('kafka'), 'readings')],
  ] as const)
    it(`when it is ${given}, then it is not an event`, async () => {
      const stage = new Stage(router())
      await stage.batch([record])
      assert.deepEqual(stage.outcomes, ['failed/not-a-cloudevent'])
    })
})
