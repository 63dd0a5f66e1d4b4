import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { PolledMessage } from '../../invoke/event.ts'
import { eventJson, RecordsEvent, recordJson } from '../../invoke/event-content.ts'
import { readEvent } from '../../invoke/packed-event.ts'
import { RecordPacker } from '../../invoke/packed-records.ts'
import { messages as numbered } from './support.ts'

const bytes = fc.uint8Array({ maxLength: 40 }).map(array => Buffer.from(array))
const schema = fc.record({
  dataFormat: fc.constantFrom('JSON', 'AVRO', 'PROTOBUF'),
  schemaId: fc.nat().map(String),
})
const name = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('2', '__proto__', 'constructor', ''))
const messages: fc.Arbitrary<PolledMessage> = fc.record(
  {
    key: fc.option(bytes),
    value: fc.option(bytes),
    timestamp: fc.maxSafeInteger().map(String),
    offset: fc.maxSafeNat().map(String),
    headerList: fc.array(fc.tuple(name, fc.option(bytes))),
    batchContext: fc.record({ timestampType: fc.constantFrom(0, 1) }),
    keySchema: schema,
    valueSchema: schema,
  },
  { requiredKeys: ['key', 'value', 'timestamp', 'offset', 'headerList'] },
) as fc.Arbitrary<PolledMessage>

const mappings = [
  { kind: 'msk', topic: 'a.topic_-1', eventSourceArn: 'arn:"aws"' },
  { kind: 'kafka', topic: 'a.topic_-1' },
] as const
const BROKERS = ['h:1', 'h:2']

/** Hands an event over as to a thread, at the beginning of memory that had another one. */
function handedOver({ packedEvent }: RecordsEvent) {
  const memory = Buffer.alloc(packedEvent.length + 10, '?')
  packedEvent.copyTo(memory)
  return readEvent(memory, structuredClone(packedEvent.head))
}

describe('an event of packed records', () => {
  it('given any records, then it has the JSON of each, and a thread gets what that JSON says', () => {
    const lists = fc.array(fc.array(fc.tuple(messages, fc.boolean()), { maxLength: 4 }), { maxLength: 3 })
    fc.assert(
      fc.property(fc.constantFrom(...mappings), lists, fc.nat({ max: 200 }), (mapping, parts, room) => {
        const packer = new RecordPacker(room)
        // Omitted records, as by a retry, are between the others.
        const packed = parts.map(list =>
          list.map(([one, isSent]) => ({ one, isSent, record: packer.pack(one) })),
        )
        const sent = packed.map(
          (list, partition) => [partition, list.filter(({ isSent }) => isSent)] as const,
        )
        const event = new RecordsEvent(
          mapping,
          BROKERS,
          sent.map(([partition, list]) => [partition, list.map(({ record }) => record)]),
        )
        const texts = sent.map(
          ([partition, list]) =>
            [partition, list.map(({ one }) => recordJson(mapping.topic, partition, one))] as const,
        )
        const expected = eventJson(mapping, BROKERS, texts)
        assert.equal(event.json(), expected)
        // Compared as texts, because the order of the members counts, too.
        assert.equal(JSON.stringify(handedOver(event)), JSON.stringify(JSON.parse(expected)))
      }),
    )
  })

  it('given a header with the name of a prototype, then it is a header, and nothing else', () => {
    const [message] = numbered(0, 1, { headerList: [['__proto__', Buffer.from([1])]] })
    const record = new RecordPacker(0).pack(message ?? assert.fail())
    const event = new RecordsEvent(mappings[1], BROKERS, [[0, [record]]])
    const [header] = handedOver(event).records['a.topic_-1-0']?.[0]?.headers ?? []
    assert.deepEqual(Object.keys(header ?? {}), ['__proto__'])
    assert.equal(Object.getPrototypeOf(header), Object.prototype)
  })
})

describe('packed records', () => {
  const list = numbered(0, 1_000, { value: Buffer.alloc(1_000) })

  it('given many, then one that waits keeps only some of the others in memory', () => {
    const packer = new RecordPacker(2_000_000)
    const stretches = new Set(list.map(message => packer.pack(message).bytes))
    assert.ok([...stretches].every(({ length }) => length <= 256 * 1024))
    assert.ok(stretches.size < 10, `${stretches.size} stretches`)
  })

  it('given one that is larger than a stretch, then it has as much as it needs, and the next one follows', () => {
    const packer = new RecordPacker(0)
    const sizes = [10, 1_000_000, 20]
    const packed = sizes.map((size, n) =>
      packer.pack(numbered(n, n + 1, { value: Buffer.alloc(size, n) })[0] ?? assert.fail()),
    )
    const event = new RecordsEvent(mappings[1], BROKERS, [[0, packed]])
    const { records } = handedOver(event)
    const values = records['a.topic_-1-0']?.map(({ value }) => Buffer.from(value ?? '', 'base64'))
    assert.deepEqual(
      values,
      sizes.map((size, n) => Buffer.alloc(size, n)),
    )
  })
})
