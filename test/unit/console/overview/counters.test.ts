import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { buildCounters } from '../../../../console/api/overview/counters.ts'
import type { Outcomes } from '../../../../control/queries/states/outcomes.ts'
import type { Signal } from '../../../../lib/app/naming/topic-table.ts'

const getTopic = (signal: Signal) => `the.${signal}`
const NONE = {
  applied: 0,
  duplicate: 0,
  ignored: 0,
  failed: 0,
  parked: 0,
  reasons: {},
  outbox: 0,
  position: 0,
  decidedMs: undefined,
}

const lag = (name: string, topic: string, next: number, pending = 0) => ({
  function: name,
  topic,
  group: name,
  pending,
  partitions: [{ partition: 0, next, end: next + pending, pending }],
})

const LAGS = [
  lag('processor', 'the.readings', 120, 4),
  lag('intake', 'greenhouse', 15),
  lag('intake', 'orders', 9),
  lag('deliver', 'the.notifications', 800),
  lag('archiver', 'the.readings', 110),
]

const OUTCOMES: Readonly<Record<string, Partial<Outcomes>>> = {
  'processor/the.readings': {
    ...{ applied: 90, duplicate: 3, failed: 2, ignored: 25 },
    reasons: { 'applied/counted': 90, 'ignored/tick': 12, 'ignored/rule-set': 12, 'ignored/not-mine': 1 },
  },
  'intake/greenhouse': { applied: 10, duplicate: 4, failed: 1 },
  'intake/orders': { applied: 7, duplicate: 2 },
  'notifier/the.alerts': { reasons: { 'applied/fired': 3, 'applied/resolved': 2, 'applied/repeated': 11 } },
  'open-dead-letters/the.dlq': {
    reasons: { 'applied/letter': 5, 'applied/handled': 4, 'applied/broken': 1 },
  },
  'deliver/the.notifications': {
    applied: 3,
    reasons: { 'applied/delivered': 2, 'applied/no-receiver': 1, 'ignored/tick': 790 },
  },
}

const WRITTEN: readonly (readonly [Signal, number])[] = [
  ['readings', 124],
  ['failures', 8],
  ['notifications', 800],
  ['dlq', 40],
]

function createCounters(outcomes: typeof OUTCOMES | undefined = OUTCOMES, lags = LAGS) {
  return buildCounters({
    lags,
    outcomes: outcomes && new Map(Object.entries(outcomes).map(([name, own]) => [name, { ...NONE, ...own }])),
    written: new Map(WRITTEN.map(([signal, end]) => [getTopic(signal), [{ end }]])),
    getTopic,
  })
}

describe('the counters of the overview', () => {
  // Promise docs/console.md#the-overview
  it('given ticks and rules in readings, then a reading is what the processor applied, in one counter', () => {
    const counters = createCounters()
    assert.equal(counters.readings, 90)
    assert.equal(counters['topic/the.readings'], undefined)
  })

  it('given duplicates that intake dropped, then they count as those of the processor do', () => {
    assert.equal(createCounters().duplicates, 3 + 4 + 2)
  })

  it('given notifications, alerts and dead letters, then only those that were sent, fired or written count', () => {
    const { sent, alerts, letters, failed } = createCounters()
    assert.deepEqual([sent, alerts, letters, failed], [2, 3, 6, 8])
  })

  it('given a function, then it counts what it applied; one that counts nothing is not known', () => {
    const counters = createCounters()
    assert.equal(counters['done/deliver/the.notifications'], 3)
    assert.equal(counters['read/deliver/the.notifications'], 800)
    assert.equal(counters['done/archiver/the.readings'], null)
  })

  it('given no answer of Redis or of Kafka, then what depends on it is not known', () => {
    const withoutRedis = buildCounters({
      ...{ lags: LAGS, outcomes: undefined, getTopic },
      written: new Map([['the.failures', [{ end: 8 }]]]),
    })
    const { readings, duplicates, alerts, sent, failed } = withoutRedis
    assert.deepEqual([readings, duplicates, alerts, sent, failed], [null, null, null, null, 8])
    assert.equal(createCounters(OUTCOMES, []).readings, 90)
  })
})
