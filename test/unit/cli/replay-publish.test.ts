import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { MemoryPublisher } from '#runtime/testing'
import { createPacer } from '../../../control/recordings/replay/pace.ts'
import {
  type DueRecord,
  groupIntoRequests,
  publishAll,
  REQUEST_LIMITS,
} from '../../../control/recordings/replay/publish.ts'
import { collected } from './collected.ts'

const departure = (line: number, paceMs = line * 1_000, bytes = 10): DueRecord => ({
  paceMs,
  eventMs: paceMs,
  record: { topic: 't', key: Buffer.from(String(line)), value: Buffer.alloc(bytes), headers: [] },
})

async function* inGroups(...groups: DueRecord[][]) {
  yield* groups
}

/** Time advances only while something waits. */
function clockwork() {
  let now = 0
  return {
    waits: [] as number[],
    elapsedMs: () => now,
    async wait(ms: number) {
      this.waits.push(ms)
      now += ms
    },
  }
}

const listLines = (request: readonly DueRecord[]) => request.map(({ record }) => Number(String(record.key)))

describe('requests', () => {
  test('what is due together leaves together, what is due later waits', async () => {
    const clock = clockwork()
    const groups = inGroups([departure(0), departure(1, 0), departure(2)], [departure(3)])
    const made = (await collected(groupIntoRequests(groups, createPacer(2), clock))).map(listLines)
    assert.deepEqual(made, [[0, 1], [2], [3]])
    assert.deepEqual(clock.waits, [1_000, 500])
  })

  test('what is late is not waited for', async () => {
    const clock = { elapsedMs: () => 10_000, wait: () => assert.fail('waited') }
    const made = (
      await collected(groupIntoRequests(inGroups([departure(0), departure(5)]), createPacer(1), clock))
    ).map(listLines)
    assert.deepEqual(made, [[0, 5]])
  })

  test('at full speed they are as large as they may be, in order', async () => {
    const many = Array.from({ length: 1_200 }, (_, line) => departure(line))
    const full = createPacer(Number.POSITIVE_INFINITY)
    const made = (await collected(groupIntoRequests(inGroups(many), full, clockwork()))).map(listLines)
    assert.deepEqual(
      made.map(({ length }) => length),
      [500, 500, 200],
    )
    assert.deepEqual(made.flat(), listLines(many))
  })

  test("each fits into a topic's limit, unless one record alone exceeds it", async () => {
    const third = Math.floor(REQUEST_LIMITS.bytes / 3)
    const large = [third, third, third, REQUEST_LIMITS.bytes * 2, 10].map((bytes, line) =>
      departure(line, 0, bytes),
    )
    const made = (await collected(groupIntoRequests(inGroups(large), createPacer(1), clockwork()))).map(
      listLines,
    )
    assert.deepEqual(made, [[0, 1], [2], [3], [4]])
  })
})

describe('publishing', () => {
  const limits = { futureToleranceMs: 300_000, nowMs: () => 0 }

  // Promise docs/replay.md#replays | A replay that is stopped says where to go on, and loses and doubles nothing.
  test('stops at the first request that is not acknowledged, and counts nothing behind it', async () => {
    const counts = { acknowledged: 0, ahead: 0 }
    let calls = 0
    const failing = { publish: () => (++calls === 3 ? Promise.reject(new Error('gone')) : Promise.resolve()) }
    const groups = inGroups([departure(1), departure(2)], [departure(3)], [departure(4)], [departure(5)])
    await assert.rejects(publishAll(groups, failing, counts, limits), /gone/)
    assert.deepEqual([counts, calls], [{ acknowledged: 3, ahead: 0 }, 3])
  })

  test('notices events that consumers will refuse, because their time has not come', async () => {
    const counts = { acknowledged: 0, ahead: 0 }
    await publishAll(inGroups([departure(300), departure(301)]), new MemoryPublisher(), counts, limits)
    assert.deepEqual(counts, { acknowledged: 2, ahead: 1 })
  })
})
