import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type StallFacts, StandingStill } from '../../../lib/diagnosis/stalls/standing-still.ts'

const GROUP = 'sluice-alerting-local'

/** An observer that looks every two seconds. */
class Watcher {
  readonly standing = new StandingStill(2_000)
  nowMs = 1_000_000

  look({ next = 10, end = 10, members = 1, ...seen }: Partial<WatchedFacts> = {}) {
    const partitions = [{ partition: 0, next, end, pending: end - next }]
    const lag = { function: 'alerting', topic: 'readings', group: GROUP, windowMs: 1_000 }
    this.nowMs += 2_000
    return this.standing.next(
      {
        servers: { kafka: null, redis: null },
        lags: [{ ...lag, pending: end - next, partitions }],
        broken: [],
        known: undefined,
        ...seen,
        members: new Map([[GROUP, members]]),
      },
      this.nowMs,
    )
  }

  lookFor(ms: number, seen: Partial<WatchedFacts>) {
    for (let passed = 2_000; passed < ms; passed += 2_000) this.look(seen)
    return this.look(seen)
  }
}

interface WatchedFacts extends Omit<StallFacts, 'members'> {
  readonly next: number
  readonly end: number
  /** Members of the group. */
  readonly members: number
}

describe('stalls and their causes', () => {
  it('given records that wait for a group without members, then after ten seconds its consumer is dead', () => {
    const watcher = new Watcher()
    assert.deepEqual(watcher.look({ end: 12, members: 0 }), [])
    const [dead, ...others] = watcher.lookFor(12_000, { end: 40, members: 0 })
    assert.deepEqual(others, [])
    assert.deepEqual(dead?.functions, ['alerting'])
    assert.match(
      dead?.reason ?? '',
      /^30 records pending, and the consumer group sluice-alerting-local has no/,
    )
    assert.match(dead?.advice ?? '', /trigger/)
  })

  it('given a group without members that continues, then it has other readers, and has not stalled', () => {
    const watcher = new Watcher()
    for (let next = 10; next < 40; next += 1)
      assert.deepEqual(watcher.look({ next, end: 50, members: 0 }), [])
  })

  it('given a consumer that processes nothing, then it is stalled when its invocations must have ended', () => {
    const watcher = new Watcher()
    assert.deepEqual(watcher.lookFor(90_000, { end: 12 }), [])
    const [stalled] = watcher.lookFor(4_000, { end: 12 })
    assert.match(stalled?.reason ?? '', /^2 records pending, without progress for 1 min 32 s$/)
  })

  it('given a program that runs the functions and knows of no stall, then a slow consumer is not stalled', () => {
    assert.deepEqual(new Watcher().lookFor(300_000, { end: 12, known: [] }), [])
  })

  it('given an open circuit breaker, then it is the one reported cause', () => {
    const watcher = new Watcher()
    const [open, ...others] = watcher.lookFor(60_000, { end: 12, broken: ['alerting'] })
    assert.deepEqual(others, [])
    assert.match(open?.reason ?? '', /fail unexpectedly/)
    assert.match(open?.advice ?? '', /another version is tried at once/)
  })

  it('given a server that is away, when it answers again, then no function has stalled', () => {
    const watcher = new Watcher()
    const kafka = 'Kafka does not answer, asked about the topic a'
    const away = { servers: { kafka, redis: null }, lags: undefined, broken: undefined }
    const [told] = watcher.lookFor(4_000, away)
    assert.equal(told?.reason, kafka)
    assert.equal(told?.sinceMs, watcher.nowMs - 2_000)
    assert.deepEqual(watcher.look(), [])
  })

  it('given reports of the running functions, then their cause is shown instead of the guess', () => {
    const cause = { id: 'invocation/boom', reason: 'boom in process.ts:12', advice: 'Fix its code.' }
    const known = [{ cause, sinceMs: 1_000, functions: new Set(['alerting', 'activity']) }]
    const told = new Watcher().lookFor(60_000, { end: 12, known })
    const functions = ['activity', 'alerting']
    assert.deepEqual(told, [{ functions, reason: cause.reason, advice: cause.advice, sinceMs: 1_000 }])
  })

  it('given an outage that is over, when the next one comes, then it begins with itself', () => {
    const watcher = new Watcher()
    const away = { servers: { kafka: null, redis: 'Redis does not answer' } }
    watcher.lookFor(60_000, away)
    watcher.lookFor(60_000, {})
    const [told] = watcher.look(away)
    assert.equal(told?.sinceMs, watcher.nowMs)
  })
})
