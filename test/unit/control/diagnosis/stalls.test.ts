import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type StallFacts, StallWatch } from '../../../../control/diagnosis/stalls.ts'

const GROUP = 'sluice-alerting-local'

/** An observer that looks every two seconds. */
class Watcher {
  readonly stalls = new StallWatch(2_000)
  nowMs = 1_000_000

  look({ next = 10, end = 10, members = 1, ...seen }: Partial<WatchedFacts> = {}) {
    const partitions = [{ partition: 0, next, end, pending: end - next }]
    const lag = { function: 'alerting', topic: 'readings', group: GROUP, windowMs: 1_000 }
    this.nowMs += 2_000
    return this.stalls.next(
      {
        servers: { kafka: null, redis: null },
        lags: [{ ...lag, pending: end - next, partitions }],
        broken: [],
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

  it('given several groups without members, then they are one stall that names each function once', () => {
    const stalls = new StallWatch(2_000)
    const names = ['alerting', 'processor', 'alerting']
    const lags = names.map((name, number) => ({
      ...{ function: name, topic: `t-${number}`, group: `g-${number}`, windowMs: 0, pending: 2 },
      partitions: [{ partition: 0, next: 0, end: 2, pending: 2 }],
    }))
    const members = new Map(lags.map(({ group }) => [group, 0]))
    const facts = { servers: { kafka: null, redis: null }, lags, members, broken: [] }
    const looks = Array.from({ length: 8 }, (_, at) => stalls.next(facts, at * 2_000))
    const [stall, ...others] = looks.at(-1) ?? []
    assert.deepEqual([stall?.functions, others], [['alerting', 'processor'], []])
    assert.equal(stall?.reason, '6 records pending, and 3 consumer groups have no members')
  })

  it('given a group without members that continues, then it has other readers, and has not stalled', () => {
    const watcher = new Watcher()
    for (let next = 10; next < 40; next += 1)
      assert.deepEqual(watcher.look({ next, end: 50, members: 0 }), [])
  })

  // Promise docs/console.md#the-overview | The overview shows what has stalled or is late, and why, and which alerts fire; its figures count what they name. It shows nothing unknown as good.
  it('given a consumer that processes nothing, then it is stalled when its invocations must have ended', () => {
    const watcher = new Watcher()
    assert.deepEqual(watcher.lookFor(90_000, { end: 12 }), [])
    const [stalled] = watcher.lookFor(4_000, { end: 12 })
    assert.match(stalled?.reason ?? '', /^2 records pending, without progress$/)
    assert.match(stalled?.advice ?? '', /logs\/functions\/\w+\.log in \.local, in \.local\/stacks\/STACK/)
    assert.deepEqual(watcher.look({ next: 11, end: 12 }), [])
  })

  it('given late observations, then the time between them does not count', () => {
    const watcher = new Watcher()
    watcher.lookFor(60_000, { end: 12 })
    watcher.nowMs += 3_600_000
    assert.deepEqual(watcher.look({ end: 12 }), [])
  })

  it('given an open circuit breaker, then it is the one reported cause', () => {
    const [open, ...others] = new Watcher().lookFor(100_000, { end: 12, broken: ['alerting'] })
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
    const [again] = watcher.look(away)
    assert.equal(again?.sinceMs, watcher.nowMs)
  })
})
