import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { furtherRounds } from '../../../lambda/ticks.ts'

describe('the rounds of a run', () => {
  /** The rounds of a run whose clock moves only while it sleeps, and by what each round takes. */
  async function rounds(everyMs: number, timeoutMs = 90_000, roundMs = 100): Promise<number[]> {
    let nowMs = 1_000
    const clock = {
      now: () => nowMs,
      sleep: async (ms: number) => {
        nowMs += ms
      },
      remainingMs: () => timeoutMs - (nowMs - 1_000),
    }
    const begun: number[] = []
    for await (const dueMs of furtherRounds(everyMs, clock)) {
      begun.push(dueMs)
      assert.equal(nowMs, 1_000 + dueMs, 'a round begins when it is due')
      nowMs += roundMs
    }
    assert.ok(nowMs - 1_000 < 60_000, 'the run is over before the next one')
    return begun
  }

  // Promise docs/notifications.md#when-a-notification-is-sent
  it('given an interval, then they fill the minute until the next run', async () => {
    const seconds = async (every: number) => (await rounds(every * 1_000)).map(ms => ms / 1_000)
    assert.deepEqual(await seconds(5), [5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55])
    assert.deepEqual(await seconds(14), [14, 28, 42])
    assert.deepEqual(await rounds(60_000), [])
  })

  it('given a timeout that ends the invocation sooner, then no round begins that it would cut off', async () => {
    assert.deepEqual(await rounds(10_000, 30_000), [10_000, 20_000])
  })

  it('given a round that takes long, then those that are past are left out', async () => {
    assert.deepEqual(await rounds(6_000, 90_000, 15_000), [6_000, 24_000, 42_000])
  })
})
