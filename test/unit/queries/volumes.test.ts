import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { protocolError } from '@sluice/kafka-records'
import {
  instantsUntil,
  type KnownOffsets,
  recordsBetween,
  recordsIfThere,
} from '../../../lib/queries/volumes.ts'

const MINUTE = 60_000
const NOW_MS = 10 * MINUTE + 30_000

/** Two partitions: the first gets two records a minute, the second came in minute eight and gets one. */
function offsetsAt(asked: number[]) {
  return {
    at: async (_: string, timeMs: number) => {
      asked.push(timeMs / MINUTE)
      const minute = timeMs / MINUTE
      return minute < 8 ? [minute * 2] : [minute * 2, minute - 8]
    },
  }
}

describe('volumes of a topic', () => {
  it('given a time within a minute, then the last instant is its beginning', () => {
    assert.deepEqual(
      instantsUntil(NOW_MS, MINUTE, 3).map(instant => instant / MINUTE),
      [7, 8, 9, 10],
    )
  })

  it('given offsets by time, then the records of each minute are counted, of a new partition too', async () => {
    const instants = instantsUntil(NOW_MS, MINUTE, 3)
    const counts = await recordsBetween(offsetsAt([]), 't', instants, new Map(), { nowMs: NOW_MS })
    assert.deepEqual(counts, [2, 3, 3])
  })

  it('given the same question again, then only what is new is asked for, and what is old is forgotten', async () => {
    const known: KnownOffsets = new Map()
    const asked: number[] = []
    const ask = (nowMs: number) =>
      recordsBetween(offsetsAt(asked), 't', instantsUntil(nowMs, MINUTE, 3), known, { nowMs })
    await ask(NOW_MS)
    await ask(NOW_MS)
    assert.deepEqual(asked, [10, 9, 8, 7])
    await ask(NOW_MS + MINUTE)
    assert.deepEqual(asked, [10, 9, 8, 7, 11])
    assert.equal(known.size, 4)
  })

  it('given an instant that has just passed, then it is asked for again: records of it may still come', async () => {
    const asked: number[] = []
    const nowMs = 10 * MINUTE + 1_000
    const known: KnownOffsets = new Map()
    for (const _ of [1, 2])
      await recordsBetween(offsetsAt(asked), 't', instantsUntil(nowMs, MINUTE, 1), known, { nowMs })
    assert.deepEqual(asked, [10, 9, 10])
  })

  it('given too little time, then the newest are known first, and the next question continues', async () => {
    const over = new AbortController()
    const { at } = offsetsAt([])
    const offsets = {
      at: (topic: string, timeMs: number) => {
        if (timeMs === 9 * MINUTE) over.abort()
        return at(topic, timeMs)
      },
    }
    const known: KnownOffsets = new Map()
    const ask = (signal?: AbortSignal) => {
      const limits = { nowMs: NOW_MS, ...(signal && { signal }) }
      return recordsBetween(offsets, 't', instantsUntil(NOW_MS, MINUTE, 3), known, limits)
    }
    assert.deepEqual(await ask(over.signal), [null, null, 3])
    assert.deepEqual(await ask(), [2, 3, 3])
  })

  it('given records that retention has taken, then they do not count as less than none', async () => {
    const offsets = { at: async (_: string, timeMs: number) => [timeMs === 0 ? 50 : 40] }
    assert.deepEqual(await recordsBetween(offsets, 't', [0, MINUTE], new Map(), { nowMs: NOW_MS }), [0])
  })

  it('given a topic that does not exist, then nothing is known of it; other errors are thrown', async () => {
    const failing = (code: number) => ({ at: () => Promise.reject(protocolError(code)) })
    const ask = (code: number) =>
      recordsIfThere(failing(code), 't', [0, MINUTE, 2 * MINUTE], new Map(), { nowMs: NOW_MS })
    const [unknownTopic, unauthorized] = [3, 29]
    assert.deepEqual(await ask(unknownTopic), [null, null])
    await assert.rejects(ask(unauthorized), /refuses/)
  })
})
