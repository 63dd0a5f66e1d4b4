/** The fine print, "Ids and failures": see docs/guarantees.md; rule 11 is `redriven.test.ts`. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Event } from '../../../../consumer/event.ts'
import { completeStep, type KeyedProcess, reject } from '../../../../consumer/process.ts'
import { LatestDecisions } from '../../../../pipeline/failures/failure-surge.ts'
import { eventCause } from '../../../../pipeline/model/cause.ts'
import { READING_TYPES, tick } from '../../../support/application.ts'
import { createLog, doneOn, obeyingStage, order } from '../../../support/obeying.ts'
import { environmentReading as reading, logRecord as record } from '../../../support/records.ts'
import { Stage } from '../../../support/stage.ts'

describe('rule 10: an id is known for a window of the log, with what it said', () => {
  // Promise docs/guarantees.md#The same id with other content is noticed
  // Promise docs/guarantees.md#rule 10
  it('rule 10: given the same id with other content, then the second fails, naming both digests', async () => {
    const stage = new Stage()
    await stage.batch([record(0, reading('a')), record(1, reading('a', { temperature: 21 }))])
    assert.deepEqual(stage.outcomes, ['applied/counted', 'failed/id-conflict'])
    assert.match(stage.observer.decisions[1]?.failure?.message ?? '', /[0-9a-f]{16}.*[0-9a-f]{16}/)
  })

  it('rule 10: given an id older than the window on the clock of the log, then it is new again', async () => {
    const stage = new Stage()
    const at = (ms: number) => ({ timestampMs: Date.parse('2026-03-01T13:00:00Z') + ms })
    // The clock takes two minutes of a pause at most, so it needs many records to pass an hour.
    const filler = Array.from({ length: 31 }, (_, index) =>
      record(index + 1, tick(0, '2026-03-01T12:00:00Z'), at((index + 1) * 120_000)),
    )
    await stage.batch([record(0, reading('a'), at(0)), ...filler.slice(0, 30)])
    await stage.batch([record(31, reading('a'), at(30 * 120_000))])
    await stage.batch([record(32, reading('a'), at(30 * 120_000 + 1))])
    assert.deepEqual(
      stage.outcomes.filter(outcome => outcome !== 'ignored/tick'),
      ['applied/counted', 'duplicate/id-known', 'applied/counted'],
    )
  })

  const own = reading('a')
  const data = own.data as object
  const trace = { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' }
  const table: [name: string, again: Event, outcome: string][] = [
    ['another type', { ...own, type: 'io.sluice.database.reading.v1' }, 'failed/schema-violated'],
    ['another subject', { ...own, subject: 's-2' }, 'failed/id-conflict'],
    ['another time', reading('a', { at: 1 }), 'failed/id-conflict'],
    ['no time', { ...own, time: undefined } as never, 'failed/id-conflict'],
    ['other data', reading('a', { temperature: 21 }), 'failed/id-conflict'],
    ['members of its data in another order', { ...own, data: reversed(data) }, 'duplicate/id-known'],
    ['a trace', { ...own, extensions: trace }, 'duplicate/id-known'],
    ['another source', { ...own, source: '/environment/other' }, 'applied/counted'],
  ]
  // Promise packages/runtime/README.md#A record that its producer sent again changes nothing
  // Promise docs/guarantees.md#A record sent again changes nothing
  for (const [name, again, outcome] of table)
    it(`rule 10: given a known id with ${name}, then: ${outcome}`, async () => {
      const stage = new Stage()
      await stage.batch([record(0, own), record(1, again)])
      assert.equal(stage.outcomes[1], outcome)
    })

  it('rule 10: given the elements of an array in another order, then that is other content', async () => {
    const stage = obeyingStage()
    const cancelling = (cancel: string[]) => order('a', 'x', 0, { cancel })
    await stage.batch([record(0, cancelling(['t', 'u'])), record(1, cancelling(['u', 't']))])
    assert.equal(stage.outcomes[1], 'failed/id-conflict')
  })

  it('rule 10: given two integers that JavaScript would take for one, then neither passes for the other', async () => {
    const counted = (offset: number, count: string) => {
      const { headers, key } = record(offset, reading('a'))
      return record(offset, { headers, key, value: Buffer.from(`{"count":${count}}`) })
    }
    const stage = new Stage()
    await stage.batch([counted(0, '9007199254740992'), counted(1, '9007199254740993')])
    assert.deepEqual(stage.outcomes, ['failed/schema-violated', 'failed/number-not-exact'])
  })

  it('rule 10: given ids and sources that run together, then they are two events', async () => {
    const stage = new Stage()
    await stage.batch([
      record(0, reading('-1', { source: '/a' })),
      record(1, reading('1', { source: '/a-' })),
    ])
    assert.deepEqual(stage.outcomes, ['applied/counted', 'applied/counted'])
  })
})

describe('rule 12: what is emitted follows from its cause', () => {
  // Promise docs/guarantees.md#A repeat can be recognised
  // Promise docs/guarantees.md#rule 12
  it('rule 12: given an emission, then its id, time and sequence follow from its cause', async () => {
    const [first, second] = [new Stage(), new Stage()]
    const log = [record(0, reading('a')), record(1, reading('b', { at: 7 }))]
    await first.batch(log)
    await second.batch(log.slice(0, 1))
    await second.batch(log.slice(1))
    assert.deepEqual(first.events, second.events)
    assert.equal(first.events[0]?.time, '2026-03-01T12:00:07.000Z')
    assert.equal(first.events[0]?.extensions?.sequence, '0.0000000000000001.00000000')
  })

  it('rule 12: given a cause whose time is finer than a millisecond, then its emission has that time', async () => {
    const stage = new Stage()
    const time = '2026-03-01T12:00:07.123456789+01:00'
    await stage.batch([record(0, reading('a')), record(1, reading('b', { time }))])
    assert.equal(stage.events[0]?.time, time)
  })

  it('rule 12: given two causes that differ only in source, then no emissions or timers share an id', () => {
    const received = { ...reading('a'), entity: 'one', timeMs: 0 }
    const [one, other] = ['/x', '/y'].map(source => eventCause({ ...received, source }, 0, 0))
    assert.notEqual(one?.timerId('c', 't', 5), other?.timerId('c', 't', 5))
    assert.notEqual(one?.emissionId('c', 'e'), other?.emissionId('c', 'e'))
  })

  it('rule 12: given two emissions of a step, then their ids differ by name, and places are in order', async () => {
    const emission = { to: 'events', key: null, type: 't', source: '/s', data: {} } as const
    const process: KeyedProcess<unknown> = {
      name: 'two',
      accepts: READING_TYPES,
      onEvent: () =>
        completeStep('two', {}, [
          { ...emission, name: 'x' },
          { ...emission, name: 'y' },
        ]),
    }
    const stage = new Stage(process)
    await stage.batch([record(0, reading('a')), record(1, reading('b'))])
    const places = stage.events.map(({ extensions }) => extensions?.sequence ?? '')
    assert.equal(new Set(stage.events.map(({ id }) => id)).size, 4)
    assert.deepEqual(places, [...places].sort())
    assert.equal(new Set(places).size, 4)
  })

  it('rule 12: given a timer that is set again for the same time, then what it emits is another event', async () => {
    const stage = obeyingStage()
    await stage.batch(
      createLog([
        [0, order('1', 'x', 0, { set: { t: 20 } })],
        [30, order('2', 'x', 0, { set: { t: 20 } })],
        [60, 'tick'],
      ]),
    )
    assert.deepEqual(doneOn(stage), ['x 1', 'x t@20', 'x 2', 'x t@20'])
    assert.equal(new Set(stage.events.map(({ id }) => id)).size, 4)
    assert.equal(stage.events[1]?.time, '2026-03-01T12:00:20.000Z')
  })
})

describe('rule 13: a surge of unexpected failures stays in Kafka', () => {
  /** A process that throws at chosen events, until it is mended. */
  function breaking() {
    let isBroken = true
    const process: KeyedProcess<{ count: number }> = {
      name: 'breaking',
      accepts: READING_TYPES,
      onEvent(state, { id }) {
        if (isBroken && id.startsWith('bad')) throw new Error('a bug')
        if (id.startsWith('refused')) return reject('never')
        return completeStep('counted', { count: (state?.count ?? 0) + 1 })
      },
    }
    const stage = new Stage(process as KeyedProcess<never>)
    const mend = () => {
      isBroken = false
    }
    return { stage, mend }
  }
  const createBatch = (...ids: string[]) =>
    ids.map((id, offset) => record(offset, reading(`${id} ${offset}`, { sensor: `s-${offset}` })))
  const SURGE = createBatch('good', 'bad', 'bad', 'bad')
  const MINUTE = 60_000

  // Promise packages/runtime/README.md#A deployment with code that fails for every record does not empty the topic into the failures topic
  // Promise docs/guarantees.md#A bad deployment does not empty the topic into the dead letters
  // Promise docs/guarantees.md#rule 13
  it('rule 13: given a process that throws at most of three entities, then the batch is deferred', async () => {
    const { stage } = breaking()
    const { batchItemFailures } = await stage.batch(SURGE, { nowMs: () => 5 })
    assert.equal(batchItemFailures.length, 4)
    assert.equal(stage.observer.waits[0]?.reason, 'breaker-open')
    assert.equal(stage.observer.list('breaker-open')[0]?.sinceMs, 5)
    assert.deepEqual([stage.outcomes, stage.events], [[], []])
  })

  it('rule 13: given a failure surge, then its first failure is published, which people look at', async () => {
    const process: KeyedProcess<never> = {
      name: 'breaking',
      accepts: READING_TYPES,
      onEvent(_, { id }) {
        if (id === 'r 0') return reject('the data explains this one')
        throw new Error(`a bug at ${id}`)
      },
    }
    const stage = new Stage(process)
    await stage.batch(createBatch('r', 'r', 'r', 'r'))
    assert.match(stage.observer.list('breaker-open')[0]?.failure?.message ?? '', /a bug at r 1/)
  })

  const none: [name: string, records: ReturnType<typeof createBatch>][] = [
    ['two entities', createBatch('bad', 'bad')],
    ['one entity', [0, 1, 2, 3].map(offset => record(offset, reading(`bad ${offset}`)))],
    ['as many that were processed', createBatch('good', 'good', 'good', 'bad', 'bad', 'bad')],
    ['failures that the data explains', createBatch('refused', 'refused', 'refused', 'refused')],
  ]
  for (const [name, records] of none)
    it(`rule 13: given ${name}, then the breaker stays closed, and failures leave`, async () => {
      const { stage } = breaking()
      assert.deepEqual(await stage.batch(records), { batchItemFailures: [] })
      assert.deepEqual(stage.observer.list('breaker-open'), [])
    })

  it('rule 13: given failures over several invocations, then they are counted together', async () => {
    const { stage } = breaking()
    await stage.batch(SURGE.slice(1, 2).map(record => ({ ...record, offset: 0 })))
    await stage.batch([record(1, reading('bad 1', { sensor: 'x' }))])
    await stage.batch([record(2, reading('bad 2', { sensor: 'y' }))])
    assert.deepEqual(stage.outcomes, ['failed/unexpected-error', 'failed/unexpected-error'])
    assert.equal(stage.observer.waits[0]?.reason, 'breaker-open')
  })

  it('rule 13: given many good decisions before, then the latest twenty alone are looked at', async () => {
    const { stage } = breaking()
    await stage.batch(createBatch(...Array(100).fill('good')))
    const bad = Array.from({ length: 11 }, (_, at) =>
      record(100 + at, reading(`bad ${at}`, { sensor: `s-${at}` })),
    )
    await stage.batch(bad.slice(0, 10))
    assert.deepEqual(stage.observer.list('breaker-open'), [])
    await stage.batch(bad.slice(10))
    assert.equal(stage.observer.list('breaker-open').length, 1)
  })

  it('rule 13: given code that throws at timers of three entities, then they wait for a roll-back', async () => {
    const stage = obeyingStage()
    const told = { t: { fail: true } }
    const log = createLog([
      ...['x', 'y', 'z'].map(
        (entity, at) => [0, order(`${at}`, entity, 0, { set: { t: 20 }, onTimer: told })] as const,
      ),
      [100, 'tick'],
    ])
    await stage.batch(log.slice(0, 3), { latest: new LatestDecisions() })
    const broken = await stage.batch(log.slice(3), { codeVersion: () => 'v2', latest: new LatestDecisions() })
    assert.equal(broken.batchItemFailures.length, 1)
    assert.equal(stage.observer.waits[0]?.reason, 'breaker-open')
    stage.consumer = { ...stage.consumer, process: mended(stage.consumer.process as KeyedProcess<unknown>) }
    assert.deepEqual(await stage.batch(log.slice(3)), { batchItemFailures: [] })
    assert.equal(stage.outcomes.filter(outcome => outcome === 'timer/mended').length, 3)
    assert.ok(!stage.outcomes.includes('timer/timer-failed'))
  })

  it('rule 13: given timers that the consumer refuses, then that is not a failure surge', async () => {
    const stage = obeyingStage()
    const told = { t: { refuse: true } }
    const log = createLog([
      ...['x', 'y', 'z'].map(
        (entity, at) => [0, order(`${at}`, entity, 0, { set: { t: 20 }, onTimer: told })] as const,
      ),
      [100, 'tick'],
    ])
    await stage.batch(log.slice(0, 3), { latest: new LatestDecisions() })
    assert.deepEqual(await stage.batch(log.slice(3), { latest: new LatestDecisions() }), {
      batchItemFailures: [],
    })
    assert.equal(stage.outcomes.filter(outcome => outcome === 'timer/timer-rejected').length, 3)
  })

  it('rule 13: it ends with code that no longer throws', async () => {
    const { stage, mend } = breaking()
    await stage.batch(SURGE)
    mend()
    assert.deepEqual(await stage.batch(SURGE), { batchItemFailures: [] })
    assert.deepEqual(stage.outcomes, Array(4).fill('applied/counted'))
  })

  it('rule 13: another version of the code has its own quarter of an hour', async () => {
    const { stage } = breaking()
    await stage.batch(SURGE, { nowMs: () => 0 })
    await stage.batch(SURGE, { nowMs: () => 14 * MINUTE, codeVersion: () => 'v2' })
    await stage.batch(SURGE, { nowMs: () => 16 * MINUTE, codeVersion: () => 'v2' })
    assert.deepEqual(
      stage.observer.list('breaker-open').map(({ sinceMs }) => sinceMs),
      [0, 14 * MINUTE, 14 * MINUTE],
    )
  })

  it('rule 13: it ends after fifteen minutes, and what failed leaves', async () => {
    const { stage } = breaking()
    await stage.batch(SURGE, { nowMs: () => 0 })
    await stage.batch(SURGE, { nowMs: () => 15 * MINUTE - 1 })
    assert.deepEqual(stage.outcomes, [])
    assert.deepEqual(await stage.batch(SURGE, { nowMs: () => 15 * MINUTE }), { batchItemFailures: [] })
    assert.equal(stage.outcomes.filter(outcome => outcome === 'failed/unexpected-error').length, 3)
  })
})

/** Returns the process before it was broken: no event makes it throw at a timer. */
function mended(process: KeyedProcess<unknown>): KeyedProcess<unknown> {
  return { ...process, onTimer: state => completeStep('mended', state) }
}

function reversed(data: object): object {
  return Object.fromEntries(Object.entries(data).reverse())
}
