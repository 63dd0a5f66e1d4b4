import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { unpack } from '../../invoke/packed-records.ts'
import type { Entry } from '../../poll/intake.ts'
import { PartitionQueue } from '../../poll/partition-queue.ts'
import { createMapping, fill, messages } from './support.ts'

const MiB = 1024 * 1024
const queue = (part: Parameters<typeof createMapping>[0] = {}, at = 0) =>
  new PartitionQueue(createMapping(part), 0, at)
const offsets = (of: PartitionQueue) => of.pending.map(record => record.offset)

describe('a partition queue', () => {
  it('marks a record that was too large to read as undeliverable, with its size', () => {
    const own = queue()
    fill(own, messages(0, 1, { key: Buffer.from('k'), oversizeBytes: 300 * MiB }))
    const [record] = own.pending
    assert.equal(record?.undeliverable?.condition, 'MaximumPayloadSizeExceeded')
    assert.match(
      record?.undeliverable?.why ?? '',
      /in the log it has 314572800 bytes, more than the \d+ that/,
    )
    assert.equal(record?.eventBytes, 0)
    assert.equal(String(record?.packed && unpack(record.packed).key), 'k')
    assert.ok(own.isLow)
  })

  it('is full with two payloads, even of undeliverable or unclassified records', () => {
    const list = messages(0, 7, { value: Buffer.alloc(2 * MiB) })
    const own = queue()
    const append = own.reserve(list)
    assert.deepEqual([own.isFull, own.isLow], [true, false])
    append(
      list.map(message => ({ fate: 'fail', message, reason: 'DESERIALIZATION_ERROR', why: 'no JSON' })),
      0,
    )
    assert.deepEqual([own.isFull, own.isLow], [true, false])
    own.take(5)
    assert.deepEqual([own.isFull, own.isLow], [false, true])
  })

  it('counts fetched records before they are appended, and knows the offset after them', () => {
    const own = queue()
    const append = own.reserve(messages(0, 1_000))
    assert.deepEqual([own.isFull, own.nextOffset, own.pending.length], [true, 1_000, 0])
    append(
      messages(0, 1_000).map(message => ({ fate: 'deliver', message })),
      1,
    )
    assert.equal(own.pending.length, 1_000)
  })

  it('counts headers and keys before they are appended: they take more memory than values', () => {
    const headerList = Array.from({ length: 40_000 }, (_, n) => [`name ${n}`, null] as const)
    const own = queue()
    own.reserve(messages(0, 1, { headerList }))
    assert.equal(own.isFull, false)
    own.reserve(messages(1, 2, { headerList }))
    assert.equal(own.isFull, true)
    const keys = queue()
    keys.reserve(messages(0, 1, { key: Buffer.alloc(12 * MiB) }))
    assert.equal(keys.isFull, true)
  })

  it('keeps no room for records that a filter skips beside one that waits', () => {
    const own = queue()
    const list = messages(0, 200, { value: Buffer.alloc(1_000) })
    const entries = list.map((message, n): Entry => ({ fate: n === 100 ? 'deliver' : 'skip', message }))
    fill(own, list, 0, entries)
    const [packed, ...others] = own.pending.flatMap(record => record.packed ?? [])
    assert.deepEqual(others, [])
    assert.ok(packed && packed.bytes.length < 2_000, `${packed?.bytes.length} bytes`)
  })

  it('drops old records when its log starts again, including those not yet appended', () => {
    const own = queue()
    fill(own, messages(0, 5))
    const late = own.reserve(messages(5, 7))
    fill(own, messages(2, 4), 2)
    late(
      messages(5, 7).map(message => ({ fate: 'deliver', message })),
      3,
    )
    assert.deepEqual(offsets(own), [0, 1, 2, 3])
    assert.equal(own.nextOffset, 4)
  })
})

describe('an offset to commit', () => {
  for (const [given, offset, name] of [
    ['one beyond the taken records', 4, 'commits-only-what-was-taken'],
    ['the last one again', 2, 'commits-grow'],
  ] as const)
    it(`given ${given}, then it is refused as ${name}, until the log restarts`, () => {
      const own = queue()
      fill(own, messages(0, 5))
      own.take(3)
      own.raiseCommitted(2)
      assert.throws(() => own.raiseCommitted(offset), new RegExp(`${name} does not hold`))
      fill(own, messages(0, 5))
      own.take(5)
      own.raiseCommitted(1)
    })
})

describe('a record in a partition queue', () => {
  const list = messages(0, 5)
  const skipping = (...skipped: number[]): Entry[] =>
    list.map((message, n) => ({ fate: skipped.includes(n) ? 'skip' : 'deliver', message }))

  it('is covered by the record before it if a filter skips it (rule 39)', () => {
    const own = queue()
    fill(own, list, 0, skipping(1, 2, 4))
    assert.deepEqual(
      own.pending.map(({ offset, lastOffset }) => [offset, lastOffset]),
      [
        [0, 2],
        [3, 4],
      ],
    )
  })

  it('has an entry of its own if no record is pending before it', () => {
    const own = queue()
    fill(own, list, 0, skipping(0, 1, 4))
    assert.deepEqual(
      own.pending.map(({ offset, lastOffset, packed }) => [offset, lastOffset, packed !== undefined]),
      [
        [0, 1, false],
        [2, 2, true],
        [3, 4, true],
      ],
    )
  })

  it('is undeliverable if the registry cannot decode it, and takes no payload (rule 15)', () => {
    const own = queue()
    const [message] = list
    fill(own, list.slice(0, 1), 0, [
      { fate: 'fail', message: message ?? assert.fail(), reason: 'SCHEMA_NOT_FOUND', why: 'no 99' },
    ])
    assert.deepEqual(own.pending[0]?.undeliverable, { condition: 'SCHEMA_NOT_FOUND', why: 'no 99' })
    assert.equal(own.pending[0]?.eventBytes, 0)
  })

  it('is undeliverable if no payload can hold it, to the byte (rule 9)', () => {
    const envelopeBytes = 100
    const sized = (length: number) => {
      const own = new PartitionQueue(createMapping(), 0, 0, envelopeBytes)
      fill(own, messages(0, 1, { value: Buffer.alloc(length) }))
      return own
    }
    // Base64 grows in steps of four: the largest size that fits is followed by one that does not.
    const most = 6 * MiB - envelopeBytes - sized(0).eventBytes
    const around = sized(0).pending[0]?.eventBytes ?? 0
    const fits = Math.floor((most - around) / 4) * 3
    assert.equal(sized(fits).pending[0]?.undeliverable, undefined)
    assert.ok((sized(fits).pending[0]?.eventBytes ?? 0) > most - 4)
    assert.match(
      sized(fits + 1).pending[0]?.undeliverable?.why ?? '',
      /it takes \d+ bytes, more than the \d+/,
    )
  })

  it('keeps its key only for a destination that reuses it (rule 43)', () => {
    const key = Buffer.from('k')
    const own = queue({ destination: { kind: 'kafka', topic: 'failed' } })
    fill(own, messages(0, 1, { key }))
    assert.deepEqual(own.pending[0]?.key, key)
    assert.notEqual(own.pending[0]?.key, key, 'a copy: the original is a slice of the whole fetch')
    const without = queue()
    fill(without, messages(0, 1, { key }))
    assert.equal(without.pending[0]?.key, null)
  })
})
