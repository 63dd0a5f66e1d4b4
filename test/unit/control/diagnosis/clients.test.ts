import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkConsumer, checkDeadLetters } from '../../../../control/diagnosis/checks/consumers.ts'
import { checkProducers } from '../../../../control/diagnosis/checks/producers.ts'
import type { BatchFacts, ConsumerFacts, PartitionProgress } from '../../../../control/diagnosis/facts.ts'
import type { Finding } from '../../../../control/diagnosis/finding.ts'
import { batch, consumer, NOW_MS, notOk, progress, topic } from '../../../support/doctor-facts.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
// Promise docs/doctor.md#group-and-state | Offsets of a group and of the state that do not agree are named.
describe('given a consumer, when its group is held against its state', () => {
  const cases: [what: string, progress: Partial<PartitionProgress>, found: string[], says?: RegExp][] = [
    ['both at the end', {}, []],
    ['a batch under way', { applied: 999, committedBefore: 600, committedAfter: 600 }, []],
    [
      'a topic that was never written to',
      { end: 0, committedBefore: -1, committedAfter: -1, applied: -1 },
      [],
    ],
    [
      'a state behind its group',
      { applied: 899 },
      ['commits wrong'],
      /offsets 900 to 999 are committed and not applied/,
    ],
    ['a batch under way between markers of transactions', { committedBefore: 0, committedAfter: 0 }, []],
    [
      'a state ahead by more than two batches',
      { end: 1_001, applied: 1_000, committedBefore: 0, committedAfter: 0 },
      ['commits wrong'],
      /1001 applied offsets/,
    ],
    ['a group that has gone on meanwhile', { committedBefore: 10, committedAfter: 1_000 }, []],
    ['a state of another log', { applied: 5_000 }, ['commits wrong'], /another log/],
    ['no state where much was consumed', { applied: -1 }, ['commits wrong'], /offsets 0 to 999/],
    ['no state where nothing was ever read', { applied: -1, start: 1_000 }, []],
    ['a Redis without a report', { applied: null, outbox: null }, ['commits unknown', 'published unknown']],
  ]
  for (const [what, changes, found, says] of cases)
    it(`then ${what} is ${found.length === 0 ? 'ok' : found.join(', ')}`, () => {
      const findings = checkConsumer(consumer(changes), NOW_MS)
      assert.deepEqual(notOk(findings), found)
      if (says) assert.match(findings.find(({ check }) => check === 'commits')?.says ?? '', says)
    })

  it('then a consumer that writes segments may be behind its group, or have no state yet', () => {
    for (const applied of [899, -1])
      assert.deepEqual(notOk(checkConsumer(consumer({ applied }, { writesSegments: true }), NOW_MS)), [])
    const other = checkConsumer(consumer({ applied: 5_000 }, { writesSegments: true }), NOW_MS)
    assert.deepEqual(notOk(other), ['commits wrong'])
  })

  it('then the first partition is named, with how many more there are', () => {
    const behind = [3, 4].map(partition => progress({ partition, applied: 10 }))
    const findings = checkConsumer(consumer({}, { partitions: { seen: behind } }), NOW_MS)
    assert.match(
      findings.find(({ check }) => check === 'commits')?.says ?? '',
      /\(partition 3\), and 1 more partitions$/,
    )
  })
})

describe('given a consumer', () => {
  const lagging = (changes: Partial<PartitionProgress>) =>
    notOk(checkConsumer(consumer({ end: 30_000, ...changes }), NOW_MS))

  it('then records that wait as long as for a stall are never ok, unless some were processed', () => {
    const idle = { end: 1_050, waitsSeconds: 31 }
    assert.deepEqual(lagging({ ...idle, waitsSeconds: 30 }), [])
    assert.deepEqual(lagging(idle), ['lag unknown'])
    assert.deepEqual(lagging({ ...idle, committedBefore: 990 }), [])
  })

  // Promise docs/doctor.md#the-checks
  it('then more than 10,000 records or five minutes of lag are wrong', () => {
    assert.deepEqual(lagging({ waitsSeconds: 10 }), ['lag wrong'])
    const few = { committedBefore: 29_000, committedAfter: 29_000, applied: 28_999 }
    assert.deepEqual(lagging({ ...few, waitsSeconds: 10 }), [])
    assert.deepEqual(lagging({ ...few, waitsSeconds: 301 }), ['lag wrong'])
  })

  it('then records of which none can be read are unknown, unless there are too many', () => {
    assert.deepEqual(lagging({ waitsSeconds: null }), ['lag wrong'])
    const few = { committedBefore: 29_000, committedAfter: 29_000, applied: 28_999 }
    assert.deepEqual(lagging({ ...few, waitsSeconds: null }), ['lag unknown'])
    const none = { end: 1_000, waitsSeconds: null }
    assert.deepEqual(lagging(none), [])
  })

  it('then the lag of an input is judged by counts and progress, whatever time its producers gave the records', () => {
    const judge = (changes: Partial<PartitionProgress>) => {
      const input = { ...progress({ waitsSeconds: null, ...changes }) }
      const facts = consumer({}, { isInput: true, topic: 'greenhouse', partitions: { seen: [input] } })
      return checkConsumer(facts, NOW_MS)
    }
    assert.deepEqual(notOk(judge({ end: 1_500, waitsSeconds: 86_400 })), [])
    assert.deepEqual(notOk(judge({ end: 1_501 })), ['lag unknown'])
    assert.deepEqual(notOk(judge({ end: 1_501, committedBefore: 500 })), [])
    assert.deepEqual(notOk(judge({ end: 11_001, committedBefore: 500 })), ['lag wrong'])
    const [stalled] = judge({ end: 11_001 }).filter(({ check }) => check === 'lag')
    assert.match(stalled?.todo ?? '', /`sluice skip alerting PARTITION@OFFSET --topic greenhouse`/)
    assert.deepEqual(notOk(judge({ applied: 5_000 })), ['commits unknown'])
  })

  const others: [what: string, changes: Partial<ConsumerFacts>, found: string[]][] = [
    [
      'whose group rebalances is unknown',
      { state: { seen: { state: 'rebalancing', clients: ['a', 'b'] } } },
      ['readers unknown'],
    ],
    [
      'whose group has a newer protocol is unknown, with and without lag',
      { state: { seen: { state: 'unknown', clients: [] } } },
      ['readers unknown'],
    ],
    ['without members and without lag is ok', { state: { seen: { state: 'empty', clients: [] } } }, []],
    ['whose breaker is open is wrong', { breakerOpenUntilMs: { seen: NOW_MS + 1 } }, ['breaker wrong']],
    ['whose breaker was open is ok', { breakerOpenUntilMs: { seen: NOW_MS } }, []],
    [
      'whose group is refused is unknown',
      { partitions: { unseen: 'refused' } },
      ['commits unknown', 'lag unknown'],
    ],
  ]
  for (const [what, changes, found] of others)
    it(`then one ${what}`, () => assert.deepEqual(notOk(checkConsumer(consumer({}, changes), NOW_MS)), found))

  it('then another application in the group is wrong on this machine', () => {
    const shared = consumer({}, { state: { seen: { state: 'stable', clients: ['msk-trigger-1', 'mine'] } } })
    const [found] = checkConsumer(shared, NOW_MS, true)
    assert.equal(found?.check, 'readers')
    assert.match(`${found?.says}`, /another application is in the consumer group .* \(client ids: mine\)/)
    assert.deepEqual(notOk(checkConsumer(shared, NOW_MS)), [])
    assert.deepEqual(notOk(checkConsumer(consumer(), NOW_MS, true)), [])
  })

  it('then unread records are wrong, and emissions that no batch will bring', () => {
    const empty = { state: { seen: { state: 'empty' as const, clients: [] } } }
    assert.deepEqual(notOk(checkConsumer(consumer({ end: 1_001 }, empty), NOW_MS)), ['readers wrong'])
    assert.deepEqual(notOk(checkConsumer(consumer({ outbox: 2 }), NOW_MS)), ['published wrong'])
    assert.deepEqual(notOk(checkConsumer(consumer({ outbox: 2, end: 1_001 }), NOW_MS)), [])
    // The batch has published and committed after its outbox was read.
    assert.deepEqual(notOk(checkConsumer(consumer({ outbox: 2, committedBefore: 990 }), NOW_MS)), [])
  })
})

describe('given producers', () => {
  const findings = (batches: BatchFacts[], idWindowMs = HOUR_MS) =>
    checkProducers(topic({ newest: { seen: [{ partition: 0, batches }] } }), idWindowMs)
  const written = (batches: BatchFacts[], idWindowMs?: number) => notOk(findings(batches, idWindowMs))

  it('then the log shows unrecognizable repeats', () => {
    assert.deepEqual(written([batch()]), [])
    assert.deepEqual(written([batch({ isIdempotent: false })], 60_000), ['idempotence wrong'])
    assert.deepEqual(written([batch({ isIdempotent: false })]), [])
  })

  it('then a topic that cannot be read is unknown', () =>
    assert.deepEqual(notOk(checkProducers(topic({ newest: { unseen: 'refused' } }), HOUR_MS)), [
      'idempotence unknown',
      'compression unknown',
      'batching unknown',
    ]))

  it('then large batches without compression are wrong, and small ones are not', () => {
    const plain = { isCompressed: false, bytes: 16 * 1024 }
    assert.deepEqual(written([batch(), batch(plain)]), ['compression wrong'])
    assert.deepEqual(written([batch(), batch({ ...plain, bytes: plain.bytes - 1 })]), [])
    const [, found] = findings([batch(plain), batch()])
    assert.equal(found?.says, 'of the newest batches with 16 KiB or more, 1 of 2 are not compressed')
  })

  it('then many batches of one record each are wrong, and few of them are not', () => {
    const apart = (ms: number, count = 30, records = 1) =>
      Array.from({ length: count }, (_, at) => batch({ records, bytes: 99, timestampMs: NOW_MS + at * ms }))
    assert.deepEqual(written(apart(5)), ['batching wrong'])
    assert.deepEqual(written(apart(1_000)), [])
    assert.deepEqual(written(apart(5, 10)), [])
    assert.deepEqual(written(apart(5, 30, 2)), [])
  })

  it('then a partition with many small batches is wrong, however large those of the others are', () => {
    const small = Array.from({ length: 30 }, (_, at) => batch({ records: 1, timestampMs: NOW_MS + at * 5 }))
    const partitions = [[batch({ records: 5_000 })], small].map((batches, partition) => ({
      partition,
      batches,
    }))
    assert.deepEqual(notOk(checkProducers(topic({ newest: { seen: partitions } }), HOUR_MS)), [
      'batching wrong',
    ])
  })

  it('then a topic without records is ok', () => {
    assert.deepEqual(
      findings([]).map(({ verdict, says }) => `${verdict}: ${says}`),
      [
        'ok: all of the newest 0 batches come from idempotent producers',
        'ok: of the newest batches with 16 KiB or more, 0 of 0 are not compressed',
        'ok: the newest 0 batches have 0 records',
      ],
    )
  })
})

describe('given dead letters', () => {
  const found = (open: number, pending = 0, ageMs = HOUR_MS, plain = 0) =>
    checkDeadLetters(
      'dlq',
      30,
      {
        seen: {
          open,
          pending,
          plain: { count: plain, topic: 'sensor_data' },
          oldestMs: open ? NOW_MS - ageMs : undefined,
        },
      },
      NOW_MS,
    )[0] as Finding

  it('then they are open, not wrong, with their age, and with when they are gone if that is soon', () => {
    assert.equal(found(0).verdict, 'ok')
    assert.equal(found(1).verdict, 'open')
    assert.equal(found(1).says, '1 dead letter is open, the oldest for 1 h')
    assert.match(found(2, 0, 29 * DAY_MS).says, /; the first is deleted in 24 h$/)
  })

  it('then plain JSON in the topic of readings comes with the two lines that make an input of it', () => {
    const { todo = '' } = found(2, 0, HOUR_MS, 1)
    for (const line of ['"inputs: [{ topic: sensor_data }]"', '"KAFKA_TOPIC=sensor_data.readings"'])
      assert.ok(todo.includes(line), todo)
    assert.doesNotMatch(found(2).todo ?? '', /config\/inputs/)
  })

  it('then what is not counted is unknown', () => {
    assert.equal(found(0, 7).verdict, 'unknown')
    assert.equal(checkDeadLetters('dlq', 30, { unseen: 'Redis is away' }, NOW_MS)[0]?.verdict, 'unknown')
  })
})
