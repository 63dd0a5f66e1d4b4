/** The fine print, "The log's clock": see docs/guarantees.md. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { advance, clockGapMs, type KafkaEventRecord, type KeyedProcess } from '#runtime/test/support/inside'
import { createLog, doneOn, obeyingStage, order } from '#runtime/test/support/obeying'
import { kafkaEvent, environmentReading as reading, logRecord as record } from '#runtime/test/support/records'
import { createStatistics, type MinuteSummary } from '../../../../../lib/analytics/processor.ts'
import { TOPICS } from '../../../../../lib/app/naming/topic-table.ts'
import { tick } from '../../../../../lib/telemetry/tick.ts'
import { FAMILIES } from '../../../../support/families.ts'
import { Stage } from '../../../../support/stage.ts'

const MINUTE = 60_000
const START = { nowMs: 0, lastAppendMs: undefined, highestAppendMs: undefined }

describe('rule 14: the clock of a partition is what its log says', () => {
  const table: [name: string, appends: number[], nowMs: number][] = [
    ['the first record, then the clock begins', [500 * MINUTE], 0],
    ['records one after another, then it goes with them', [0, MINUTE, 2 * MINUTE], 2 * MINUTE],
    ['a long pause, then it counts for two tick intervals', [0, 60 * MINUTE], 2 * MINUTE],
    ['a record appended earlier than the one before, then it stops', [MINUTE, 0], 0],
    [
      'a broker whose clock jumps and comes back, then it continues at once',
      [0, 600 * MINUTE, MINUTE, 2 * MINUTE],
      3 * MINUTE,
    ],
  ]
  for (const [name, appends, nowMs] of table)
    it(`rule 14: given ${name}`, () => {
      const clock = appends.reduce(advance, START as Parameters<typeof advance>[0])
      assert.equal(clock.nowMs, nowMs)
      assert.equal(clock.highestAppendMs, Math.max(...appends))
    })

  // Promise docs/guarantees.md#rule 14
  it('rule 14: every record moves it, whatever becomes of it', async () => {
    const stage = obeyingStage()
    const log = createLog([
      [0, order('a', 'x', 0, { set: { t: 50 } })],
      [10, order('a', 'x', 0, { set: { t: 50 } })],
      [20, order('bad', 'x', 0, { refuse: true })],
      [30, { id: 'other', source: '/else', type: 'test.other' }],
      [40, 'tick'],
    ])
    const poison = record(
      5,
      { value: Buffer.from('poison') },
      { timestampMs: (log[0]?.timestampMs ?? 0) + 51_000 },
    )
    await stage.batch([...log, poison])
    assert.deepEqual(doneOn(stage), ['x a', 'x t@50'])
  })

  it('rule 14: time that is cut off is reported as a clock gap, and counts as no silence', async () => {
    const stage = obeyingStage()
    await stage.batch(
      createLog([
        [0, order('a', 'x', 0, { set: { soon: 60, later: 600 } })],
        [3_600, 'tick'],
        [3_600 + 120, 'tick'],
      ]),
    )
    assert.deepEqual(doneOn(stage), ['x a', 'x soon@60'])
    assert.deepEqual(stage.observer.list('clock-gap'), [{ beforeOffset: 1, ms: 58 * MINUTE }])
    assert.equal(clockGapMs(START, 500 * MINUTE), 0)
  })

  it('rule 14: given silence of a millisecond more than the clock counts, then that one is reported', async () => {
    const stage = obeyingStage()
    await stage.batch(
      createLog([
        [0, 'tick'],
        [120, 'tick'],
        [240.001, 'tick'],
      ]),
    )
    assert.deepEqual(stage.observer.list('clock-gap'), [{ beforeOffset: 2, ms: 1 }])
  })

  it('rule 14: given quiet minutes in a topic without ticks, then no clock gap is reported', async () => {
    for (const settings of [{ partitions: 1, isTicked: false }, undefined]) {
      const stage = obeyingStage()
      const application = { ...stage.consumer.application, topicNamed: () => settings as never }
      stage.consumer = { ...stage.consumer, application }
      const order1 = order('a', 'x', 0, { set: { soon: 60 } })
      await stage.batch(
        createLog([
          [0, order1],
          [300, order('b', 'x', 300)],
        ]),
      )
      assert.deepEqual(stage.observer.list('clock-gap'), [])
    }
  })

  it('rule 14: given a log that is not ticked, then no range is reported as a clock gap', async () => {
    const stage = new Stage()
    await stage.batch(
      createLog([
        [0, 'tick'],
        [3_600, 'tick'],
      ]),
    )
    assert.deepEqual(stage.observer.list('clock-gap'), [])
  })
})

describe('rule 15: topics with timers are ticked', () => {
  it('rule 15: the topic that consumers with timers read has the clock of its broker', () => {
    assert.equal(TOPICS.readings.timestamps, 'LogAppendTime')
  })

  // Promise docs/guarantees.md#rule 15
  it('rule 15: given timestamps of producers, then a consumer with timers logs it, and continues', async () => {
    const delivered = kafkaEvent([record(0, reading('a')), record(1, reading('b')), record(2, reading('c'))])
    const types = ['LOG_APPEND_TIME', 'CREATE_TIME', 'CREATE_TIME'] as const
    const timed = (group: readonly KafkaEventRecord[]) =>
      group.map((record, index) => ({ ...record, timestampType: types[index] ?? 'CREATE_TIME' }))
    const records = Object.fromEntries(
      Object.entries(delivered.records).map(([at, group]) => [at, timed(group)]),
    )
    const told = async (stage: Stage, logTime: 'append' | 'carried' = 'append') => {
      stage.consumer = { ...stage.consumer, logTime }
      assert.deepEqual(await stage.consume({ records }), { batchItemFailures: [] })
      return stage.observer.list('timed-by-producers')
    }
    assert.deepEqual(await told(new Stage(createStatistics(FAMILIES) as never)), [{ fromOffset: 1 }])
    assert.deepEqual(
      await told(new Stage(createStatistics(FAMILIES) as never), 'carried'),
      [],
      'its records say when they were',
    )
    assert.deepEqual(await told(new Stage()), [], 'it has no timers')
    const silent = new Stage(createStatistics(FAMILIES) as never)
    await silent.batch([record(0, reading('a'))])
    assert.deepEqual(silent.observer.list('timed-by-producers'), [])
  })

  it('rule 15: the same tick twice is harmless, and none of them is remembered', async () => {
    const stage = new Stage()
    const twice = [0, 1].map(offset => record(offset, tick(0, '2026-03-01T12:00:00Z')))
    await stage.batch(twice)
    assert.deepEqual(stage.outcomes, ['ignored/tick', 'ignored/tick'])
  })
})

// Promise docs/guarantees.md#rule 16
describe('rule 16: when a timer fires', () => {
  // Set at 100 on the log's clock, by an event of second 5 that came late, and due at 65: a minute after its event.
  const table: [appendS: number, lateness: number, fires: boolean][] = [
    [160, 0, false],
    [161, 0, true],
    [190, 30_000, false],
    [191, 30_000, true],
  ]
  for (const [appendS, allowedLatenessMs, fires] of table)
    it(`rule 16: set at 100 s for a minute later, lateness ${allowedLatenessMs / 1000} s, then at ${appendS} s it ${fires ? 'fires' : 'waits'}`, async () => {
      const stage = obeyingStage()
      stage.consumer = {
        ...stage.consumer,
        process: { ...stage.consumer.process, allowedLatenessMs } as never,
      }
      const log = createLog([
        [0, 'tick'],
        [100, order('a', 'x', 5, { set: { t: 65 } })],
        [appendS, order('b', 'x', 5)],
      ])
      await stage.batch(log.slice(0, 2))
      await stage.batch(log.slice(2))
      assert.deepEqual(doneOn(stage), fires ? ['x a', 'x t@65', 'x b'] : ['x a', 'x b'])
    })
})

// Promise docs/guarantees.md#rule 17
describe('rule 17: the order in which timers fire', () => {
  it('rule 17: by threshold, then entity, then name, all before the record that lets them pass', async () => {
    const stage = obeyingStage()
    await stage.batch(
      createLog([
        [0, order('1', 'b', 0, { set: { z: 20, a: 20, later: 30 } })],
        [0, order('2', 'a', 0, { set: { m: 20 } })],
        [0, order('3', 'c', 0, { set: { first: 10 } })],
        [100, order('4', 'a', 0)],
      ]),
    )
    assert.deepEqual(doneOn(stage).slice(3), [
      'c first@10',
      'a m@20',
      'b a@20',
      'b z@20',
      'b later@30',
      'a 4',
    ])
  })

  it('rule 17: equal thresholds go by the bytes of the entity, as in a store, and not by UTF-16', async () => {
    const stage = obeyingStage()
    const [high, low] = ['\u{1f600}', '\uffee']
    await stage.batch(
      createLog([
        [0, order('1', high, 0, { set: { t: 10 } })],
        [0, order('2', low, 0, { set: { t: 10 } })],
        [100, 'tick'],
      ]),
    )
    assert.deepEqual(doneOn(stage).slice(2), [`${low} t@10`, `${high} t@10`])
  })

  it("rule 17: an entity's own timers fire before its event where they are due strictly before its time", async () => {
    const stage = obeyingStage()
    await stage.batch(
      createLog([
        [0, order('1', 'x', 0, { set: { before: 59, at: 60 } })],
        [0, order('2', 'y', 0, { set: { before: 59 } })],
        [1, order('3', 'x', 60)],
      ]),
    )
    assert.deepEqual(doneOn(stage).slice(2), ['x before@59', 'x 3'])
  })

  it('rule 17: a repeat fires no timer of its entity, whatever its time', async () => {
    const stage = obeyingStage()
    const later = order('2', 'x', 60)
    await stage.batch(
      createLog([
        [0, later],
        [1, order('1', 'x', 0, { set: { t: 59 } })],
        [2, later],
      ]),
    )
    assert.deepEqual(doneOn(stage), ['x 2', 'x 1'])
  })

  it("rule 17: a timer that a timer sets counts from that one's due and threshold, and fires in its turn", async () => {
    const stage = obeyingStage()
    const chain = { t: { set: { u: 40 } } }
    await stage.batch(
      createLog([
        [0, order('1', 'x', 0, { set: { t: 20 }, onTimer: chain })],
        [0, order('2', 'y', 0, { set: { t: 30, v: 50 } })],
        [41, 'tick'],
      ]),
    )
    // Fired late, by a clock that was beyond it: the next one counts from when it was due.
    assert.deepEqual(doneOn(stage).slice(2), ['x t@20', 'y t@30', 'x u@40'])
  })
})

// Promise docs/guarantees.md#rule 18
describe('rule 18: more timers than a commit takes', () => {
  const many = { set: Object.fromEntries(Array.from({ length: 10 }, (_, n) => [`t${n}`, 10 + n])) }
  const log = createLog([
    [0, order('1', 'x', 0, many)],
    [0, order('2', 'y', 0, many)],
    [100, order('3', 'x', 5)],
  ])

  it('rule 18: they take several commits at one applied offset, all before the record that let them pass', async () => {
    const [whole, cut] = [obeyingStage(), obeyingStage()]
    cut.consumer = { ...cut.consumer, limits: { ...cut.consumer.limits, timers: 3 } }
    const versions: string[] = []
    const commit = cut.store.commit.bind(cut.store)
    cut.store.commit = (stateKey, change) => {
      versions.push(`${change.appliedOffset}+${change.fired}`)
      return commit(stateKey, change)
    }
    await whole.batch(log)
    await cut.batch(log)
    assert.deepEqual(versions, ['1+3', '1+6', '1+9', '1+12', '1+15', '1+18', '2+0'])
    assert.equal(doneOn(whole).at(-1), 'x 3')
    assert.deepEqual(cut.events, whole.events)
  })
})

describe('rule 20: a reading that is late for a closed window', () => {
  // Promise docs/guarantees.md#rule 20
  it('rule 20: given one, then that window leaves again as its next revision, under an id of its own', async () => {
    const stage = new Stage(createStatistics(FAMILIES) as object as KeyedProcess<never>)
    const times = [0, 70, 30]
    await stage.batch(times.map((at, offset) => record(offset, reading(`r${offset}`, { at }))))
    assert.deepEqual(stage.outcomes, ['applied/counted', 'applied/window-closed', 'applied/window-revised'])
    const [first, second] = stage.events.map(({ data }) => data as MinuteSummary)
    assert.deepEqual([first?.revision, second?.revision], [1, 2])
    assert.equal(first?.windowStart, second?.windowStart)
    assert.notEqual(stage.events[0]?.id, stage.events[1]?.id)
  })
})
