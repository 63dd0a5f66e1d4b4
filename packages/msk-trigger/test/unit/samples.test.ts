import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { batchRecord, objectRecord, topicRecord } from '../../deliver/invocation-record.ts'
import type { LambdaEvent, LambdaRecord, PolledMessage } from '../../invoke/event.ts'
import { RecordPacker } from '../../invoke/packed-records.ts'
import { lambdaEvent, lambdaRecord } from './event-object.ts'

function sample<T = LambdaEvent>(name: string): T {
  return JSON.parse(readFileSync(new URL(`samples/${name}.json`, import.meta.url), 'utf8'))
}

/** The message that would produce a record of a sample. */
function createMessage(record: LambdaRecord): PolledMessage {
  const headers: Record<string, Buffer[]> = {}
  for (const header of record.headers) {
    for (const [name, bytes] of Object.entries(header))
      headers[name] = [...(headers[name] ?? []), Buffer.from(bytes as readonly number[])]
  }
  return {
    key: record.key == null ? null : Buffer.from(record.key, 'base64'),
    value: record.value == null ? null : Buffer.from(record.value, 'base64'),
    timestamp: String(record.timestamp),
    offset: String(record.offset),
    headers,
    batchContext: { timestampType: record.timestampType === 'LOG_APPEND_TIME' ? 1 : 0 },
    ...(record.keySchemaMetadata && { keySchema: record.keySchemaMetadata }),
    ...(record.valueSchemaMetadata && { valueSchema: record.valueSchemaMetadata }),
  }
}

/** The trigger's own event for the records of a sample. */
function made(event: LambdaEvent): LambdaEvent {
  const parts = Object.values(event.records).map(records => {
    const partition = records[0]?.partition ?? 0
    return [
      partition,
      records.map(record => lambdaRecord('mytopic', partition, createMessage(record))),
    ] as const
  })
  const mapping = {
    kind: event.eventSource === 'aws:kafka' ? ('msk' as const) : ('kafka' as const),
    topic: 'mytopic',
    ...(event.eventSourceArn !== undefined && { eventSourceArn: event.eventSourceArn }),
  }
  return lambdaEvent(mapping, event.bootstrapServers.split(','), parts)
}

// Promise packages/msk-trigger/RULES.md#rule 11
// Promise packages/msk-trigger/RULES.md#rule 12
// Promise packages/msk-trigger/RULES.md#rule 13
describe("the event has the same form as AWS's samples (rules 11 to 14)", () => {
  for (const name of ['msk', 'self-managed', 'schema-registry']) {
    it(`${name}: key for key`, () => assert.deepEqual(made(sample(name)), sample(name)))
  }
})

/** Every path in a value with the type at its end, in any order, because JSON objects have none. */
function shape(value: unknown, path = ''): string[] {
  if (value === null || typeof value !== 'object')
    return [`${path}: ${value === null ? 'null' : typeof value}`]
  return Object.entries(value)
    .flatMap(([key, inner]) => shape(inner, `${path}/${key}`))
    .toSorted()
}

// Promise packages/msk-trigger/RULES.md#rule 45
// Promise packages/msk-trigger/RULES.md#rule 46
describe("a destination's message has the same form as AWS's samples (rules 44 to 47)", () => {
  const message: PolledMessage = {
    key: Buffer.from('test-key'),
    value: Buffer.from('test-value'),
    timestamp: '1749116692330',
    offset: '100',
    headers: {},
  }
  const record = {
    offset: 100,
    lastOffset: 100,
    eventBytes: 1,
    arrivedAtMs: 0,
    packed: new RecordPacker(0).pack(message),
    timestampMs: Number(message.timestamp),
    key: message.key,
    memoryBytes: 0,
    undeliverable: undefined,
  }
  const discarded = {
    parts: [{ partition: 0, records: [record] }],
    condition: 'RetryAttemptsExhausted',
    invocations: 3,
    response: { requestId: 'e4b46cbf-b738-xmpl-8880-a18cdf61200e', isFunctionError: true },
  } as const
  const origin = {
    brokers: ['b:9098'],
    mapping: {
      kind: 'msk',
      topic: 'mytopic',
      eventSourceArn: 'arn:aws:kafka:us-east-1:123456789012:cluster/my-cluster/abc123',
      functionArn: 'arn:aws:lambda:us-east-1:123456789012:function:my-function',
    },
  } as const
  const nowMs = Date.parse('2019-11-14T18:16:05.568Z')

  // Promise packages/msk-trigger/RULES.md#rule 44
  it('in SQS and SNS', () => {
    assert.deepEqual(shape(batchRecord(discarded, origin, nowMs)), shape(sample<object>('destination-batch')))
  })

  it('in S3, with the event as text', () => {
    const made = objectRecord(discarded, origin, nowMs)
    assert.deepEqual(shape(made), shape(sample<object>('destination-object')))
    const event = lambdaEvent(origin.mapping, origin.brokers, [[0, [lambdaRecord('mytopic', 0, message)]]])
    assert.deepEqual(JSON.parse(made.payload), event)
  })

  it('in a topic, with the event as an object', () => {
    const made = topicRecord(discarded, origin, nowMs)
    const expected = sample<ReturnType<typeof topicRecord>>('destination-topic')
    assert.deepEqual(shape(made), shape(expected))
    assert.deepEqual(made.requestContext, expected.requestContext)
    assert.deepEqual(made.responseContext, expected.responseContext)
    assert.deepEqual(made.payload.records, expected.payload.records)
  })

  it('given a timestamp that no date can have, then the nearest one, so that the record leaves', () => {
    const at = (timestampMs: number) => {
      const parts = [{ partition: 0, records: [{ ...record, timestampMs }] }]
      const made = JSON.stringify(topicRecord({ ...discarded, parts }, origin, nowMs))
      return JSON.parse(made).KafkaBatchInfo.recordInfo.timestamp
    }
    assert.equal(at(1_749_116_692_330_000_000), '+275760-09-13T00:00:00.000Z')
    assert.equal(at(Number.MIN_SAFE_INTEGER), '-271821-04-20T00:00:00.000Z')
    assert.equal(at(0), '1970-01-01T00:00:00.000Z')
  })

  it('without a response if it was never sent (rule 44)', () => {
    const { response: _, ...unsent } = discarded
    const tooLarge = { ...unsent, condition: 'MaximumPayloadSizeExceeded', invocations: 0 } as const
    assert.equal(batchRecord(tooLarge, origin, nowMs).responseContext, null)
  })
})
