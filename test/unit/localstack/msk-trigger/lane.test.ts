import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Entry } from '../../../../localstack/msk-trigger/intake.ts'
import { Lane } from '../../../../localstack/msk-trigger/lane.ts'
import { fill, mappingOf, messages, openChoices } from './support.ts'

const MiB = 1024 * 1024
const lane = (part: Parameters<typeof mappingOf>[0] = {}, at = 0) => new Lane(mappingOf(part), 0, at)
const offsets = (of: Lane) => of.waiting.map(record => record.offset)

describe('a lane', () => {
  it('keeps what was read in order, and knows what to read next', () => {
    const own = lane({}, 5)
    assert.equal(own.nextOffset, 5)
    fill(own, messages(5, 8))
    fill(own, [])
    assert.deepEqual(
      own.take(2).map(record => record.offset),
      [5, 6],
    )
    assert.deepEqual(offsets(own), [7])
    assert.equal(own.nextOffset, 8)
  })

  it('is full with two batches, and hungry with less than one', () => {
    const own = lane({ batchSize: 10_000 })
    fill(own, messages(0, 19_999))
    assert.deepEqual([own.isFull, own.isHungry], [false, false])
    fill(own, messages(19_999, 20_000))
    assert.equal(own.isFull, true)
    own.take(10_000)
    assert.equal(own.isHungry, false)
    own.take(1)
    assert.equal(own.isHungry, true)
  })

  it('is full with two payloads, however few records', () => {
    const own = lane()
    const value = Buffer.alloc(2 * MiB)
    fill(own, messages(0, 4, { value }))
    assert.equal(own.isFull, false)
    fill(own, messages(4, 5, { value }))
    assert.equal(own.isFull, true)
    own.take(3)
    assert.equal(own.isHungry, true)
  })

  it('is full with two payloads also of what is never sent, or not yet known', () => {
    const list = messages(0, 7, { value: Buffer.alloc(2 * MiB) })
    const own = lane()
    const takeIn = own.expect(list)
    assert.deepEqual([own.isFull, own.isHungry], [true, false])
    takeIn(
      list.map(message => ({ fate: 'fail', message, reason: 'DESERIALIZATION_ERROR', why: 'no JSON' })),
      0,
    )
    assert.deepEqual([own.isFull, own.isHungry], [true, false])
    own.take(5)
    assert.deepEqual([own.isFull, own.isHungry], [false, true])
  })

  it('tells when there is room again', async () => {
    const own = lane()
    fill(own, messages(0, 1_000))
    let hasRoom = false
    const room = own.room.then(() => {
      hasRoom = true
    })
    assert.equal(hasRoom, false)
    own.take(10)
    await room
    await lane().room
  })

  it('counts what is fetched and not yet taken in, and knows what to read after it', () => {
    const own = lane()
    const takeIn = own.expect(messages(0, 1_000))
    assert.deepEqual([own.isFull, own.nextOffset, own.waiting.length], [true, 1_000, 0])
    takeIn(
      messages(0, 1_000).map(message => ({ fate: 'deliver', message })),
      1,
    )
    assert.equal(own.waiting.length, 1_000)
  })

  it('forgets what no longer exists when its log begins anew, also what is still on its way in', () => {
    const own = lane()
    fill(own, messages(0, 5))
    const late = own.expect(messages(5, 7))
    fill(own, messages(2, 4), 2)
    late(
      messages(5, 7).map(message => ({ fate: 'deliver', message })),
      3,
    )
    assert.deepEqual(offsets(own), [0, 1, 2, 3])
    assert.equal(own.nextOffset, 4)
  })
})

describe('a record in a lane', () => {
  const list = messages(0, 5)
  const discards = (...discarded: number[]): Entry[] =>
    list.map((message, n) => ({ fate: discarded.includes(n) ? 'discard' : 'deliver', message }))

  it('is passed with the one before it when a filter discards it (rule 39)', () => {
    const own = lane()
    fill(own, list, 0, discards(1, 2, 4))
    assert.deepEqual(
      own.waiting.map(({ offset, through }) => [offset, through]),
      [
        [0, 2],
        [3, 4],
      ],
    )
  })

  it('is a step of its own where none before it waits', () => {
    const own = lane()
    fill(own, list, 0, discards(0, 1, 4))
    assert.deepEqual(
      own.waiting.map(({ offset, through, record }) => [offset, through, record !== undefined]),
      [
        [0, 1, false],
        [2, 2, true],
        [3, 4, true],
      ],
    )
  })

  it('takes a place of its own although it is discarded, where that is chosen', () => {
    const own = lane({ open: openChoices({ filteredRecords: 'counted' }) })
    fill(own, list, 0, discards(1))
    assert.deepEqual(
      own.waiting.map(({ record, eventBytes }) => [record !== undefined, eventBytes > 0]),
      [true, false, true, true, true].map(isSent => [isSent, true]),
    )
  })

  it('is refused when the registry cannot read it, and takes nothing of a payload (rule 15)', () => {
    const own = lane()
    const [message] = list
    fill(own, list.slice(0, 1), 0, [
      { fate: 'fail', message: message ?? assert.fail(), reason: 'SCHEMA_NOT_FOUND', why: 'no 99' },
    ])
    assert.deepEqual(own.waiting[0]?.refused, { condition: 'SCHEMA_NOT_FOUND', why: 'no 99' })
    assert.equal(own.waiting[0]?.eventBytes, 0)
  })

  it('is refused when no payload can hold it, to the byte (rule 9)', () => {
    const envelopeBytes = 100
    const sized = (length: number) => {
      const own = new Lane(mappingOf(), 0, 0, envelopeBytes)
      fill(own, messages(0, 1, { value: Buffer.alloc(length) }))
      return own
    }
    // Base64 goes in steps of four; the largest that fits is followed by one that does not.
    const most = 6 * MiB - envelopeBytes - sized(0).eventBytes
    const around = sized(0).waiting[0]?.eventBytes ?? 0
    const fits = Math.floor((most - around) / 4) * 3
    assert.equal(sized(fits).waiting[0]?.refused, undefined)
    assert.ok((sized(fits).waiting[0]?.eventBytes ?? 0) > most - 4)
    assert.match(sized(fits + 1).waiting[0]?.refused?.why ?? '', /it takes \d+ bytes, more than the \d+/)
  })

  it('keeps its key only for a destination that reuses it (rule 43)', () => {
    const key = Buffer.from('k')
    const own = lane({ destination: { kind: 'kafka', topic: 'failed' } })
    fill(own, messages(0, 1, { key }))
    assert.deepEqual(own.waiting[0]?.key, key)
    assert.notEqual(own.waiting[0]?.key, key, 'a copy: the original is a part of all that was fetched')
    const without = lane()
    fill(without, messages(0, 1, { key }))
    assert.equal(without.waiting[0]?.key, null)
  })
})
