import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Message } from '../../../../localstack/msk-trigger/event.ts'
import { Lane } from '../../../../localstack/msk-trigger/lane.ts'

const messages = (from: number, to: number, value: Buffer | null = null): Message[] =>
  Array.from({ length: to - from }, (_, n) => ({
    key: null,
    value,
    timestamp: '1',
    offset: String(from + n),
    headers: {},
  }))
const offsets = (lane: Lane) => lane.waiting.map(record => record.offset)

describe('a lane', () => {
  it('keeps what was read in order, and knows what to read next', () => {
    const lane = new Lane({ topic: 't', batchSize: 10 }, 0, 5)
    assert.equal(lane.nextOffset, 5)
    lane.append(messages(5, 8), 1)
    lane.append([], 1)
    assert.deepEqual(
      lane.take(2).map(record => record.offset),
      [5, 6],
    )
    assert.deepEqual(offsets(lane), [7])
    assert.equal(lane.nextOffset, 8)
  })

  it('is full with two batches, and hungry with less than one', () => {
    const lane = new Lane({ topic: 't', batchSize: 10_000 }, 0, 0)
    lane.append(messages(0, 19_999), 1)
    assert.deepEqual([lane.isFull, lane.isHungry], [false, false])
    lane.append(messages(19_999, 20_000), 1)
    assert.equal(lane.isFull, true)
    lane.take(10_000)
    assert.equal(lane.isHungry, false)
    lane.take(1)
    assert.equal(lane.isHungry, true)
  })

  it('is full with two payloads, however few records', () => {
    const lane = new Lane({ topic: 't', batchSize: 10 }, 0, 0)
    const value = Buffer.alloc(2 * 1024 * 1024)
    lane.append(messages(0, 4, value), 1)
    assert.equal(lane.isFull, false)
    lane.append(messages(4, 5, value), 1)
    assert.equal(lane.isFull, true)
    lane.take(3)
    assert.equal(lane.isHungry, true)
  })

  it('forgets what no longer exists when its log begins anew', () => {
    const lane = new Lane({ topic: 't', batchSize: 10 }, 0, 0)
    lane.append(messages(0, 5), 1)
    lane.append(messages(2, 4), 2)
    assert.deepEqual(offsets(lane), [0, 1, 2, 3])
    assert.equal(lane.nextOffset, 4)
  })
})
