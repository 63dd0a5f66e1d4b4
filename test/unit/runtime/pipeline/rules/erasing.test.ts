/** The fine print, "Erasing an entity": see docs/guarantees.md. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LogRecord } from '#runtime/cloudevents/record.ts'
import type { Event } from '#runtime/consumer/event.ts'
import { confirmDelivery } from '#runtime/consumer/sink.ts'
import { EMPTY_SELECTION } from '#runtime/testing/empty-selection.ts'
import { ENTITY_ERASED_TYPE } from '../../../../../lib/telemetry/erasure.ts'
import { tick } from '../../../../../lib/telemetry/tick.ts'
import { erasing } from '../../../../support/erasures.ts'
import { FAMILIES } from '../../../../support/families.ts'
import { createLog, doneOn, obeyingStage, order } from '../../../../support/obeying.ts'
import { Random } from '../../../../support/random.ts'
import { environmentReading as reading, logRecord as record } from '../../../../support/records.ts'
import { Stage } from '../../../../support/stage.ts'
import { SIGNAL_TYPE, WATCHING } from '../../../../support/watching.ts'

const X = { source: '/orders', subject: 'x' }
const ONE = { source: '/environment/test-site', subject: 's-1' }
const ENTITY = '/environment/test-site s-1'

/** Returns the store's contents for an entity. */
async function kept(stage: Stage, entity: string, partition = 0) {
  const wanted = { ...EMPTY_SELECTION, entities: [entity] }
  const { states, timers } = await stage.store.load(stage.stateKey(partition), wanted)
  return { state: states.get(entity), timers: (timers.get(entity) ?? []).map(({ name }) => name) }
}

const NOTHING = { state: undefined, timers: [] }

describe('rule 27: an erasure in the log', () => {
  it('rule 27: removes state and timers of its entity alone, and emits nothing', async () => {
    const stage = obeyingStage()
    const timers = { t: 500, u: 600 }
    await stage.batch(
      createLog([
        [0, order('1', 'x', 0, { set: timers })],
        [1, order('2', 'y', 1, { set: timers })],
        [2, erasing(X)],
        [1_000, 'tick'],
        [1_100, 'tick'],
        [1_200, 'tick'],
        [1_300, 'tick'],
        [1_400, 'tick'],
        [1_500, 'tick'],
        [1_600, 'tick'],
      ]),
    )
    assert.equal(stage.outcomes[2], 'applied/erased')
    assert.deepEqual(doneOn(stage), ['x 1', 'y 2', 'y t@500', 'y u@600'])
    assert.deepEqual(await kept(stage, '/orders x'), NOTHING)
    assert.ok((await kept(stage, '/orders y')).state)
  })

  it('rule 27: of an entity that has no state changes nothing, and says so', async () => {
    const stage = new Stage()
    await stage.batch([record(0, reading('a')), record(1, erasing({ ...ONE, subject: 's-2' }))])
    assert.deepEqual(stage.outcomes, ['applied/counted', 'applied/nothing-to-erase'])
    assert.deepEqual(await stage.state(ENTITY), { count: 1 })
  })

  it('rule 27: is followed by a new state, of the events after it alone', async () => {
    const stage = new Stage()
    await stage.batch([
      ...['a', 'b', 'c'].map((id, offset) => record(offset, reading(id))),
      record(3, erasing(ONE)),
      record(4, reading('d')),
    ])
    assert.deepEqual(await stage.state(ENTITY), { count: 1 })
  })

  it('rule 27: keeps the ids: what was applied before it, and comes again, is a duplicate still', async () => {
    const stage = new Stage()
    await stage.batch([record(0, reading('a')), record(1, erasing(ONE)), record(2, reading('a'))])
    assert.deepEqual(stage.outcomes, ['applied/counted', 'applied/erased', 'duplicate/id-known'])
    assert.equal(await stage.state(ENTITY), undefined)
  })

  it('rule 27: that is sent again, or delivered again, does not erase what came after it', async () => {
    for (const reason of ['erased', 'nothing-to-erase']) {
      const stage = new Stage()
      const events = [erasing(ONE), reading('a'), erasing(ONE), reading('b')]
      const before = reason === 'erased' ? [reading('before')] : []
      const log = [...before, ...events].map((event, offset) => record(offset, event))
      for (let time = 0; time < 2; time += 1) await stage.batch(log)
      assert.deepEqual(stage.outcomes.slice(before.length), [
        `applied/${reason}`,
        'applied/counted',
        'duplicate/id-known',
        'applied/counted',
      ])
      assert.deepEqual(await stage.state(ENTITY), { count: 2 })
    }
  })

  it('rule 27: comes after the timers that the clock has passed, and before those that it has not', async () => {
    const stage = obeyingStage()
    const log = createLog([
      [0, order('1', 'x', 0, { set: { passed: 50, later: 150 } })],
      [100, 'tick'],
      // The second timer would be due by its own time, but only the clock of the log counts.
      [101, { ...erasing(X), time: '2026-03-01T12:05:00Z' }],
    ])
    await stage.batch(log)
    assert.deepEqual(doneOn(stage), ['x 1', 'x passed@50'])
    assert.deepEqual(await kept(stage, '/orders x'), NOTHING)
  })

  it('rule 27: erases in each partition what that one has', async () => {
    const stage = new Stage()
    const at = (partition: number, offset: number, event: Event) => record(offset, event, { partition })
    await stage.batch([
      ...[0, 1, 2].map(partition => at(partition, 0, reading(`a${partition}`))),
      ...[0, 1].map(partition => at(partition, 1, erasing(ONE, { partition }))),
    ])
    const states = await Promise.all([0, 1, 2].map(partition => stage.state(ENTITY, partition)))
    assert.deepEqual(states, [undefined, undefined, { count: 1 }])
  })

  it('rule 27: is met again when the store has lost the state, and the log is read once more', async () => {
    const log = [record(0, reading('a')), record(1, erasing(ONE)), record(2, reading('b'))]
    const stage = new Stage()
    await stage.batch(log)
    const again = new Stage()
    again.inLog(log)
    await again.batch([record(3, tick(0, '2026-03-01T12:00:00Z'))])
    assert.deepEqual(again.observer.list('no-applied-offset'), [{ fromOffset: 0 }])
    assert.deepEqual(await again.state(ENTITY), { count: 1 })
    assert.deepEqual(await again.state(ENTITY), await stage.state(ENTITY))
  })
})

describe('rule 27: which consumers an erasure concerns', () => {
  /** A sink, and the ids of what it delivers. */
  function sink(accepts: readonly string[]) {
    const ids: string[] = []
    const stage = new Stage({
      name: 'sink',
      accepts,
      deliver: async deliveries =>
        deliveries.map(({ event }) => {
          ids.push(event.id)
          return confirmDelivery('sent')
        }),
    })
    return { stage, ids }
  }

  it('rule 27: given a sink, which keeps no states, then it is ignored, and not delivered', async () => {
    const { stage, ids } = sink(FAMILIES.readingTypes)
    await stage.batch([record(0, reading('a')), record(1, erasing(ONE))])
    assert.deepEqual(stage.outcomes, ['applied/sent', 'ignored/erasure'])
    assert.deepEqual(ids, ['a'])
  })

  it('rule 27: given a sink that accepts its type, then it is delivered like any event', async () => {
    const { stage, ids } = sink([ENTITY_ERASED_TYPE])
    const erasure = erasing(ONE)
    await stage.batch([record(0, erasure)])
    assert.deepEqual([stage.outcomes, ids], [['applied/sent'], [erasure.id]])
  })

  it('rule 27: given an application without such a type, then an event of it is like any other', async () => {
    const stage = new Stage()
    const { erasureType: _, ...application } = stage.consumer.application
    stage.consumer = { ...stage.consumer, application }
    await stage.batch([record(0, reading('a')), record(1, erasing(ONE))])
    assert.deepEqual(stage.outcomes, ['applied/counted', 'ignored/not-mine'])
  })

  it('rule 27: given an erasure that breaks its schema, then it fails, and nothing is erased', async () => {
    const stage = new Stage()
    await stage.batch([record(0, reading('a')), record(1, { ...erasing(ONE), data: {} })])
    assert.deepEqual(stage.outcomes, ['applied/counted', 'failed/schema-violated'])
    assert.deepEqual(await stage.state(ENTITY), { count: 1 })
  })
})

describe('rule 27: given a random log', () => {
  const SUBJECTS = ['a', 'b', 'c']
  const ERASED = { source: '/watched', subject: 'a' }

  function signals(random: Random, length: number): LogRecord[] {
    let appendS = 0
    const start = Date.parse('2026-03-01T12:00:00Z')
    return Array.from({ length }, (_, offset) => {
      appendS += random.pick([0, 5, 30, 70])
      const signal: Event = {
        id: `i${offset}`,
        source: '/watched',
        subject: random.pick(SUBJECTS),
        type: SIGNAL_TYPE,
        time: new Date(start + appendS * 1000).toISOString(),
        datacontenttype: 'application/json',
        data: random.chance(0.2) ? { mood: random.pick(['pulse', 'calm'] as const) } : {},
      }
      const content = random.chance(0.2) ? tick(0, '2026-03-01T12:00:00Z') : signal
      return record(offset, content, { timestampMs: start + appendS * 1000 })
    })
  }

  async function played(log: readonly LogRecord[], random: Random): Promise<Stage> {
    const stage = new Stage(WATCHING.after as never)
    const limits = { ...stage.consumer.limits, records: random.between(1, 9), timers: random.between(1, 4) }
    stage.consumer = { ...stage.consumer, limits }
    for (let from = 0, to = 0; from < log.length; from = to) {
      to = from + random.between(1, 20)
      await stage.batch(log.slice(from, to))
    }
    return stage
  }

  it('rule 27: from the erasure on, all is as if the entity had never been, however it is cut', async () => {
    let erased = 0
    for (let seed = 0; seed < 60; seed += 1) {
      const random = new Random(seed)
      const log = signals(random, random.between(10, 60))
      const at = random.between(1, log.length - 1)
      const { timestampMs } = log[at] as LogRecord
      log[at] = record(at, erasing(ERASED), { timestampMs })
      // The same log, with ticks in the place of what the entity had sent before.
      const without = log.map((logRecord, offset) =>
        offset < at && String(logRecord.key) === ERASED.subject
          ? record(offset, tick(0, '2026-03-01T12:00:00Z'), { timestampMs: logRecord.timestampMs })
          : logRecord,
      )
      const [whole, never] = [await played(log, random), await played(without, random)]
      if (whole.outcomes.includes('applied/erased')) erased += 1
      for (const subject of SUBJECTS)
        assert.deepEqual(
          await kept(whole, `/watched ${subject}`),
          await kept(never, `/watched ${subject}`),
          `seed ${seed}`,
        )
      const after = (stage: Stage) => stage.events.filter(event => getOffset(event) > at)
      assert.deepEqual(after(whole), after(never), `seed ${seed}`)
    }
    assert.ok(erased > 20, `only ${erased} erasures found a state`)
  })

  /** The offset in the sequence of an emission. */
  function getOffset({ extensions }: Event): number {
    const [, offset] = String(extensions?.sequence).split('.')
    assert.match(String(offset), /^\d+$/, 'the sequence has another form')
    return Number(offset)
  }
})
