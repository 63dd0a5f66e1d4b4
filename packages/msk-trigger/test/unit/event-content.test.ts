import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import v8 from 'node:v8'
import vm from 'node:vm'
import { listHeaders } from '@sluice/kafka-records'
import fc from 'fast-check'
import type { PolledMessage } from '../../invoke/event.ts'
import { eventJson, recordJson } from '../../invoke/event-content.ts'

const bytes = fc.uint8Array({ maxLength: 40 }).map(array => Buffer.from(array))
const schema = fc.record({
  dataFormat: fc.constantFrom('JSON', 'AVRO', 'PROTOBUF'),
  schemaId: fc.nat().map(String),
})
const messages: fc.Arbitrary<PolledMessage> = fc.oneof(
  fc.record({
    key: fc.option(bytes),
    value: fc.option(bytes),
    timestamp: fc.integer().map(String),
    offset: fc.nat().map(String),
    headers: fc.dictionary(fc.string({ unit: 'binary' }), fc.oneof(bytes, fc.array(bytes))),
    batchContext: fc.record({ timestampType: fc.constantFrom(0, 1) }),
  }),
  fc.record({
    key: bytes,
    value: bytes,
    timestamp: fc.nat().map(String),
    offset: fc.nat().map(String),
    headerList: fc.array(fc.tuple(fc.string(), fc.option(bytes))),
    keySchema: schema,
    valueSchema: schema,
  }) as fc.Arbitrary<PolledMessage>,
)
const mappings = [
  { kind: 'msk', topic: 'a.topic_-1', eventSourceArn: 'arn:"aws"' },
  { kind: 'kafka', topic: 'a.topic_-1' },
] as const

/** Model of a record after Lambda's documentation, in the simplest way. */
function model(topic: string, partition: number, message: PolledMessage): object {
  const { key, value, keySchema, valueSchema } = message
  return {
    topic,
    partition,
    offset: Number(message.offset),
    timestamp: Number(message.timestamp),
    timestampType: message.batchContext?.timestampType === 1 ? 'LOG_APPEND_TIME' : 'CREATE_TIME',
    headers: listHeaders(message).map(([name, bytes]) => ({
      [name]: bytes ? [...new Int8Array(bytes)] : {},
    })),
    ...(key && { key: key.toString('base64') }),
    ...(value && { value: value.toString('base64') }),
    ...(keySchema && { keySchemaMetadata: keySchema }),
    ...(valueSchema && { valueSchemaMetadata: valueSchema }),
  }
}

describe('the event as JSON', () => {
  it('given any records, then it is the JSON of an event with each of them', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...mappings),
        fc.array(fc.array(messages, { maxLength: 3 }), { maxLength: 3 }),
        (mapping, parts) => {
          const { kind, topic, ...arn } = mapping
          const records = parts.map((list, partition) => [
            `${topic}-${partition}`,
            list.map(message => model(topic, partition, message)),
          ])
          const expected = {
            eventSource: kind === 'msk' ? 'aws:kafka' : 'SelfManagedKafka',
            ...arn,
            bootstrapServers: 'h:1,h:2',
            records: Object.fromEntries(records),
          }
          const texts = parts.map(
            (list, partition) =>
              [partition, list.map(message => recordJson(topic, partition, message))] as const,
          )
          const json = eventJson(mapping, ['h:1', 'h:2'], texts)
          assert.deepEqual(JSON.parse(json), JSON.parse(JSON.stringify(expected)))
        },
      ),
    )
  })
})

type Header = readonly [name: string, value: Buffer | null]

const NAMES = ['2', 'a', '1', '2', '__proto__', 'ä"\\\u2028😀', '']
const many = (count: number): Header[] =>
  Array.from({ length: count }, (_, n) => [
    NAMES[n] ?? `name ${n}`,
    n % 3 === 0 ? null : Buffer.from([n % 256, 255]),
  ])

describe('a record with many headers', () => {
  const messageWith = (headerList: readonly Header[]): PolledMessage => ({
    key: Buffer.from('k'),
    value: Buffer.from('v'),
    timestamp: '1',
    offset: '7',
    headerList,
  })
  const jsonWith = (count: number) => recordJson('t', 0, messageWith(many(count)))

  it('has them in the order of the log, with repeats', () => {
    const { headers } = JSON.parse(jsonWith(2_000))
    const expected = many(2_000).map(([name, value]) =>
      Object.fromEntries([[name, value ? [...new Int8Array(value)] : {}]]),
    )
    assert.deepEqual(headers, expected)
  })

  it('given ten times as many, then the time is about ten times as long', () => {
    const cpuUs = (count: number) => {
      const message = messageWith(many(count))
      const { user, system } = process.cpuUsage()
      Buffer.byteLength(recordJson('t', 0, message))
      const after = process.cpuUsage()
      return after.user + after.system - user - system
    }
    cpuUs(9_000)
    const few = cpuUs(9_000)
    const all = cpuUs(90_000)
    // If it were quadratic, it would take a hundred times as long.
    assert.ok(all < 50 * Math.max(few, 10_000), `${few} µs, then ${all} µs`)
  })

  it('is kept in about as much memory as its text, because many may wait', () => {
    const before = usedBytes()
    const kept = Array.from({ length: 10 }, () => jsonWith(20_000))
    const each = (usedBytes() - before) / kept.length
    const text = Buffer.byteLength(kept[0] ?? '', 'utf16le')
    // Objects would take ten times as much.
    assert.ok(each < 2 * text, `${each} bytes for a text of ${text}`)
  })
})

v8.setFlagsFromString('--expose-gc')
const collectGarbage = vm.runInNewContext('gc')

function usedBytes(): number {
  collectGarbage()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
