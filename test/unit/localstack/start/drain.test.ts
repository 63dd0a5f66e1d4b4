import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { WatchedLag } from '../../../../lib/diagnosis/stalls/progress-watch.ts'
import { Drain } from '../../../../localstack/start/drain.ts'

/** A small application: alerting reads readings and emits alerts, which router reads. */
const READS = { alerting: 'readings', router: 'alerts' }
type Name = keyof typeof READS
const EMITS: Readonly<Record<Name, readonly string[]>> = { alerting: ['alerts'], router: ['notifications'] }

/** Offsets by consumer: next one, end of its topic. */
type Offsets = Readonly<Record<Name, readonly [next: number, end: number]>>

interface DrainPart {
  readonly stalled?: Name
  readonly invoked?: Name
}

class Run {
  readonly drain: Drain
  nowMs = 1_000_000

  constructor(before: Offsets) {
    this.drain = new Drain(lagsOf(before), name => EMITS[name as Name], this.nowMs)
  }

  look(offsets: Offsets, { stalled, invoked }: DrainPart = {}, isSettled = true): boolean {
    this.nowMs += 1_000
    const consumers = lagsOf(offsets).map(lag => {
      return { lag, isStalled: lag.function === stalled, isInvoked: lag.function === invoked }
    })
    return this.drain.isOver(consumers, isSettled, this.nowMs)
  }

  /** Looks each second until it is over, or the time is. Returns the seconds that it took. */
  lookFor(seconds: number, offsets: (second: number) => Offsets, part: DrainPart = {}): number {
    for (let second = 0; second < seconds; second += 1) if (this.look(offsets(second), part)) return second
    return seconds
  }
}

function lagsOf(offsets: Offsets): WatchedLag[] {
  return Object.entries(offsets).map(([name, [next, end]]) => {
    const pending = end - next
    const partitions = [{ partition: 0, next, end, pending }]
    return { function: name, topic: READS[name as Name], group: name, windowMs: 0, pending, partitions }
  })
}

const QUIET: Offsets = { alerting: [10, 10], router: [5, 5] }

describe('the drain at the end of a run', () => {
  it('given that nothing is pending and nothing moves, then it is over at once', () => {
    assert.equal(new Run(QUIET).look(QUIET), true)
  })

  it('given pending records, then it waits until they are processed, and not for later ones', () => {
    const run = new Run({ ...QUIET, router: [5, 8] })
    assert.equal(run.look({ ...QUIET, router: [5, 9] }), false)
    assert.equal(run.look({ ...QUIET, router: [8, 30] }), false)
    assert.equal(run.look({ ...QUIET, router: [9, 60] }), true)
  })

  it('given records that are processed meanwhile, then it waits for what they cause, too', () => {
    const run = new Run({ alerting: [7, 10], router: [5, 5] })
    assert.equal(run.look({ alerting: [7, 10], router: [5, 5] }), false)
    assert.equal(run.look({ alerting: [10, 12], router: [5, 5] }), false, 'its alerts may be younger')
    assert.equal(run.look({ alerting: [10, 14], router: [5, 7] }), false)
    assert.equal(run.look({ alerting: [10, 16], router: [7, 7] }), true)
  })

  it('given a consumer that has caught up at the very end, then it waits for what that has caused', () => {
    const run = new Run({ alerting: [7, 10], router: [5, 5] })
    assert.equal(run.look({ alerting: [10, 10], router: [5, 5] }), false)
    assert.equal(run.look({ alerting: [10, 10], router: [5, 6] }), false)
    assert.equal(run.look({ alerting: [10, 10], router: [6, 6] }), true)
  })

  it('given consumers that cause work for each other forever, then it ends all the same', () => {
    const circle = (name: string) => [name === 'alerting' ? 'alerts' : 'readings']
    const at = (second: number): Offsets => {
      return { alerting: [second, second + 1], router: [second, second + 1] }
    }
    const drain = new Drain(lagsOf(at(0)), circle, 0)
    const isOver = (second: number) => {
      const consumers = lagsOf(at(second)).map(lag => ({ lag, isStalled: false, isInvoked: false }))
      return drain.isOver(consumers, true, second * 1_000)
    }
    const seconds = Array.from({ length: 30 }, (_, second) => second + 1)
    assert.ok(seconds.some(isOver))
  })

  it('given records of a stalled consumer, then it does not wait for them, and they are left', () => {
    const offsets: Offsets = { ...QUIET, router: [5, 8] }
    const run = new Run(offsets)
    assert.equal(run.look(offsets, { stalled: 'router' }), true)
    assert.deepEqual(
      lagsOf(offsets).map(lag => run.drain.left(lag)),
      [0, 3],
    )
  })

  it('given a stall that may end by itself, then it waits', () => {
    const run = new Run(QUIET)
    assert.equal(run.look(QUIET, {}, false), false)
    assert.equal(run.look(QUIET, {}, true), true)
  })

  const slow: [name: string, offsets: (second: number) => Offsets, part: DrainPart, seconds: number][] = [
    ['nothing moves', () => ({ ...QUIET, router: [5, 8] }), {}, 60],
    ['the lag falls, however slowly', s => ({ ...QUIET, router: [Math.floor(s / 50), 8] }), {}, 400],
    ['a batch is being processed', () => ({ ...QUIET, router: [5, 8] }), { invoked: 'router' }, 599],
    ['the lag falls without end', s => ({ ...QUIET, router: [s, 900] }), {}, 599],
  ]
  for (const [name, offsets, part, expected] of slow)
    it(`given that ${name}, then it ends after ${expected} s`, () => {
      assert.equal(new Run(QUIET).lookFor(1_000, offsets, part), expected)
    })
})
