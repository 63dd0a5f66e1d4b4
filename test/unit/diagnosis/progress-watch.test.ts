import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ConsumerCondition } from '../../../lib/diagnosis/stalls/condition.ts'
import { ProgressWatch } from '../../../lib/diagnosis/stalls/progress-watch.ts'

const CONSUMER = { function: 'f', topic: 'readings', group: 'g', windowMs: 1_000 }

/** Looks at one consumer. */
class Watcher {
  readonly watch = new ProgressWatch({ lookEveryMs: 1_000, quietMs: 30_000 })
  nowMs = 1_000_000

  look(next: number, end: number): ConsumerCondition {
    const partitions = [{ partition: 0, next, end, pending: end - next }]
    return this.watch.look({ ...CONSUMER, pending: end - next, partitions }, this.nowMs)
  }

  /** Looks again and again. Returns the last condition. */
  lookFor(ms: number, everyMs: number, next: number, end: number): ConsumerCondition {
    const untilMs = this.nowMs + ms
    while (this.nowMs < untilMs) {
      this.nowMs += everyMs
      this.look(next, end)
    }
    return this.look(next, end)
  }
}

describe('the progress of a consumer', () => {
  it('given records that arrive and are processed within seconds, then it is never busy', () => {
    const watcher = new Watcher()
    for (let second = 0; second < 60; second += 1) {
      watcher.nowMs += 1_000
      // The batching window holds some of them back all the time.
      assert.deepEqual(watcher.look(second * 10, second * 10 + 40), { is: 'moving' })
    }
  })

  it('given less progress than arrivals, then it is busy, and the lag grows', () => {
    const watcher = new Watcher()
    for (let second = 0; second < 60; second += 1) {
      watcher.nowMs += 1_000
      watcher.look(second, second * 10)
    }
    assert.deepEqual(watcher.look(59, 590), { is: 'busy', lag: 531, direction: 'growing' })
  })

  it('given no progress, then it is stalled after the batching window and half a minute', () => {
    const watcher = new Watcher()
    watcher.look(5, 12)
    assert.equal(watcher.lookFor(30_000, 1_000, 5, 12).is, 'busy')
    const stalled = { is: 'stalled', because: 'no-progress', forMs: 31_000 }
    assert.deepEqual(watcher.lookFor(1_000, 1_000, 5, 12), stalled)
    assert.equal(watcher.look(6, 12).is, 'busy')
  })

  it('given looks that are late because the machine is, then most of that time does not count', () => {
    const watcher = new Watcher()
    watcher.look(5, 12)
    assert.equal(watcher.lookFor(120_000, 10_000, 5, 12).is, 'busy')
    assert.equal(watcher.lookFor(40_000, 10_000, 5, 12).is, 'stalled')
  })

  it('given a time in which nothing could be observed, then all measurements begin again', () => {
    const watcher = new Watcher()
    watcher.look(5, 12)
    watcher.lookFor(25_000, 1_000, 5, 12)
    watcher.watch.forget()
    assert.deepEqual(watcher.lookFor(25_000, 1_000, 5, 12).is, 'busy')
  })
})
