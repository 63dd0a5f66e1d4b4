import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { pacer } from '../../../lib/operations/replay/pace.ts'
import {
  type Departure,
  publishAll,
  REQUEST_LIMITS,
  type ReplayCounts,
  requests,
} from '../../../lib/operations/replay/publish.ts'
import { MemoryPublisher } from '../../../packages/runtime/testing/publisher.ts'
import { collected } from './collected.ts'

const departure = (line: number, paceMs = line * 1_000, bytes = 10): Departure => ({
  line,
  paceMs,
  eventMs: paceMs,
  record: { topic: 't', key: null, value: Buffer.alloc(bytes), headers: [] },
})

async function* inGroups(...groups: Departure[][]) {
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

/** Lets everything happen that waits for nothing outside. */
const turns = () => new Promise(resolve => setImmediate(resolve))

const linesOf = (request: readonly Departure[]) => request.map(({ line }) => line)

describe('requests', () => {
  test('what is due together leaves together, what is due later waits', async () => {
    const clock = clockwork()
    const groups = inGroups([departure(0), departure(1, 0), departure(2)], [departure(3)])
    const made = (await collected(requests(groups, pacer(2), clock))).map(linesOf)
    assert.deepEqual(made, [[0, 1], [2], [3]])
    assert.deepEqual(clock.waits, [1_000, 500])
  })

  test('what is late is not waited for', async () => {
    const clock = { elapsedMs: () => 10_000, wait: () => assert.fail('waited') }
    const made = (await collected(requests(inGroups([departure(0), departure(5)]), pacer(1), clock))).map(
      linesOf,
    )
    assert.deepEqual(made, [[0, 5]])
  })

  test('at full speed they are as large as they may be, in order', async () => {
    const many = Array.from({ length: 1_200 }, (_, line) => departure(line))
    const full = pacer(Number.POSITIVE_INFINITY)
    const made = (await collected(requests(inGroups(many), full, clockwork()))).map(linesOf)
    assert.deepEqual(
      made.map(({ length }) => length),
      [500, 500, 200],
    )
    assert.deepEqual(made.flat(), linesOf(many))
  })

  test("each fits into a topic's limit, unless one record alone exceeds it", async () => {
    const third = Math.floor(REQUEST_LIMITS.bytes / 3)
    const large = [third, third, third, REQUEST_LIMITS.bytes * 2, 10].map((bytes, line) =>
      departure(line, 0, bytes),
    )
    const made = (await collected(requests(inGroups(large), pacer(1), clockwork()))).map(linesOf)
    assert.deepEqual(made, [[0, 1], [2], [3], [4]])
  })
})

describe('publishing', () => {
  const nothing = (): ReplayCounts => ({ attempted: 0, acknowledged: 0, nextLine: 1, ahead: 0 })
  const limits = { futureToleranceMs: 300_000, nowMs: () => 0 }

  test('counts what is acknowledged, and knows the line to go on from', async () => {
    const counts = nothing()
    const publisher = new MemoryPublisher()
    await publishAll(inGroups([departure(1), departure(2)], [departure(4)]), publisher, counts, limits)
    assert.deepEqual(counts, { attempted: 3, acknowledged: 3, nextLine: 5, ahead: 0 })
    assert.equal(publisher.published.length, 3)
  })

  test('stops at the first request that is not acknowledged, and counts nothing behind it', async () => {
    const counts = nothing()
    let calls = 0
    const failing = { publish: () => (++calls === 2 ? Promise.reject(new Error('gone')) : Promise.resolve()) }
    const groups = inGroups(...Array.from({ length: 20 }, (_, line) => [departure(line + 1)]))
    await assert.rejects(publishAll(groups, failing, counts, limits), /gone/)
    assert.deepEqual({ ...counts, attempted: 0 }, { attempted: 0, acknowledged: 1, nextLine: 2, ahead: 0 })
    assert.ok(calls <= 5, `${calls} requests were made`)
  })

  test('makes the next requests while the first ones wait, and counts them in order', async () => {
    const counts = nothing()
    const answers: (() => void)[] = []
    const waiting = { publish: () => new Promise<void>(resolve => answers.push(resolve)) }
    const groups = inGroups(...Array.from({ length: 6 }, (_, line) => [departure(line + 1)]))
    const published = publishAll(groups, waiting, counts, limits)
    await turns()
    assert.equal(answers.length, 4, 'on their way together')
    for (const answer of answers.slice(1)) answer()
    await turns()
    assert.deepEqual([answers.length, counts.acknowledged], [4, 0], 'the first one is not acknowledged')
    answers[0]?.()
    await turns()
    for (const answer of answers.slice(4)) answer()
    await published
    assert.deepEqual(counts, { attempted: 6, acknowledged: 6, nextLine: 7, ahead: 0 })
  })

  test('notices events that consumers will refuse, because their time has not come', async () => {
    const counts = nothing()
    await publishAll(inGroups([departure(300), departure(301)]), new MemoryPublisher(), counts, limits)
    assert.equal(counts.ahead, 1)
  })
})
