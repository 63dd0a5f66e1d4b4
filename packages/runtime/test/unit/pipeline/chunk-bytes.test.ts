/** The bytes of a load and of a commit are bounded, which changes only the number of commits. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Event } from '../../../consumer/event.ts'
import type { FailureData } from '../../../consumer/failure-event.ts'
import { completeStep, type KeyedProcess } from '../../../consumer/process.ts'
import { CONSUMER_DEFAULTS } from '../../../pipeline/consumer.ts'
import { Unavailable } from '../../../pipeline/errors.ts'
import type { Change } from '../../../pipeline/model/snapshot.ts'
import type { StateStore } from '../../../pipeline/ports.ts'
import { createLog, order } from '../../support/obeying.ts'
import { Stage } from '../../support/stage.ts'

const { bytes: LIMIT } = CONSUMER_DEFAULTS.limits
const KiB = 1024

/** An event that says how large what it brings about is. */
function told(id: string, subject: string, at: number, data: LargeData = {}): Event {
  return { ...order(id, subject, at), data }
}

interface LargeData {
  readonly stateBytes?: number
  readonly emissions?: readonly number[]
  /** A number of timers, from 20 seconds after the event on, a second apart. */
  readonly timers?: number
}

/** A process whose states, emissions and timers are as large as its events say; a timer emits 400 KiB. */
const large: KeyedProcess<{ readonly seen: string; readonly pad: string }, LargeData> = {
  name: 'large',
  accepts: ['test.order.v1'],
  onEvent: (state, { id, timeMs, data = {} }) =>
    completeStep(
      'kept',
      { seen: `${state?.seen ?? ''}${id}`, pad: 'x'.repeat(data.stateBytes ?? state?.pad.length ?? 0) },
      (data.emissions ?? []).map((bytes, index) => emission(`${id} ${index}`, bytes)),
      Array.from({ length: data.timers ?? 0 }, (_, index) => ({
        name: `t${index}`,
        dueMs: timeMs + (20 + index) * 1000,
      })),
    ),
  onTimer: (state, { name }) =>
    completeStep('fired', { ...state, seen: `${state.seen}.` }, [emission(name, 400 * KiB)]),
}

function emission(name: string, bytes: number) {
  const data = { pad: 'x'.repeat(bytes) }
  return { name, to: 'events', key: null, type: 'test.large.v1', source: '/large', data } as const
}

/** A stage, and how large each load and each commit was. */
function createMeasuredStage() {
  const stage = new Stage(large as KeyedProcess<never>)
  const loads: number[] = []
  const commits: number[] = []
  const { store } = stage
  const measuring: StateStore = {
    async load(stateKey, wanted) {
      const snapshot = await store.load(stateKey, wanted)
      loads.push([...snapshot.states.values()].reduce((sum, json) => sum + json.length, 0))
      return snapshot
    },
    commit(stateKey, change) {
      commits.push(written(change))
      return store.commit(stateKey, change)
    },
    trimOutbox: (stateKey, positions) => store.trimOutbox(stateKey, positions),
  }
  return { stage, loads, commits, store: measuring }
}

function written({ states, outbox }: Change): number {
  const stored = [...states.values()].reduce((sum, json) => sum + (json?.length ?? 0), 0)
  return stored + outbox.reduce((sum, entry) => sum + JSON.stringify(entry).length, 0)
}

const names = Array.from({ length: 30 }, (_, index) => `s${index}`)

describe('the bytes of a chunk', () => {
  it('given entity states too large for one load, then each record is applied, in several loads', async () => {
    const { stage, loads, commits, store } = createMeasuredStage()
    const sizes = { stateBytes: 700 * KiB }
    const first = names.map((name, index) => [index, told(`a${index}`, name, index, sizes)] as const)
    const second = names.map((name, index) => [30 + index, told(`b${index}`, name, 30 + index)] as const)
    const log = createLog([...first, ...second])
    await stage.batch(log, { ports: { store } })
    assert.deepEqual(stage.outcomes, Array(60).fill('applied/kept'))
    // Decided records that are delivered again take no bytes away permanently.
    const again = createLog([...first, ...second, [61, told('c', 's29', 61)]])
    assert.deepEqual(await stage.batch(again, { ports: { store } }), { batchItemFailures: [] })
    assert.deepEqual(await stage.state('/orders s29'), { seen: 'a29b29c', pad: 'x'.repeat(700 * KiB) })
    assert.equal(stage.outcomes.length, 61)
    assert.deepEqual(stage.observer.list('redelivered'), [{ records: 60 }])
    const most = LIMIT + 1024 * KiB
    assert.ok(Math.max(...loads) <= most && Math.max(...commits) <= most, `${Math.max(...loads, ...commits)}`)
    assert.ok(commits.length >= 10)
  })

  it('given one record a batch or all at once, then states, emissions and their order are the same', async () => {
    const sizes = { stateBytes: 900 * KiB, emissions: [900 * KiB, 10], timers: 1 }
    const log = createLog([
      ...names.slice(0, 9).map((name, index) => [index, told(`a${index}`, name, 0, sizes)] as const),
      ...names.slice(0, 9).map((name, index) => [40, told(`b${index}`, name, 60)] as const),
    ])
    const [whole, single] = [new Stage(large as KeyedProcess<never>), new Stage(large as KeyedProcess<never>)]
    await whole.batch(log)
    for (const record of log) await single.batch([record])
    assert.deepEqual(whole.events, single.events)
    assert.deepEqual(whole.outcomes, single.outcomes)
    for (const name of names.slice(0, 9))
      assert.deepEqual(await whole.state(`/orders ${name}`), await single.state(`/orders ${name}`))
  })
})

describe('what is too large', () => {
  it('given a step that would leave a state of more than 1 MiB, then its record fails, and the state stays', async () => {
    const stage = new Stage(large as KeyedProcess<never>)
    const log = createLog([
      [0, told('a', 'x', 0, { stateBytes: 1000 })],
      [1, told('b', 'x', 1, { stateBytes: 1024 * KiB })],
      [2, told('c', 'x', 2)],
    ])
    await stage.batch(log)
    assert.deepEqual(stage.outcomes, ['applied/kept', 'failed/state-too-large', 'applied/kept'])
    assert.deepEqual(await stage.state('/orders x'), { seen: 'ac', pad: 'x'.repeat(1000) })
  })

  it('given more than a thousand timers of an entity, then the record fails, and no timer is set', async () => {
    const stage = new Stage(large as KeyedProcess<never>)
    const log = createLog([
      [0, told('a', 'x', 0, { timers: 1_001 })],
      [100, told('b', 'x', 1)],
    ])
    await stage.batch(log)
    assert.deepEqual(stage.outcomes, ['failed/state-too-large', 'applied/kept'])
  })

  it('given a step that emits more than 4 MiB in all, then its record fails, and nothing of it is emitted', async () => {
    const stage = new Stage(large as KeyedProcess<never>)
    const each = 1000 * KiB
    await stage.batch(
      createLog([
        [0, told('a', 'x', 0, { emissions: [each, each, each, each] })],
        [1, told('b', 'x', 1, { emissions: [each, each, each, each, each] })],
      ]),
    )
    assert.deepEqual(stage.outcomes, ['applied/kept', 'failed/emission-too-large'])
    const [failureRecord] = stage.eventsAfter(4)
    assert.match((failureRecord?.data as FailureData | undefined)?.error ?? '', /a step may emit/)
  })

  it('given timers before an event that emit too much, then those beyond 8 MiB fail, however it is cut', async () => {
    const log = createLog([
      [0, told('a', 'x', 0, { timers: 30 })],
      [1, told('b', 'x', 100)],
    ])
    for (const batches of [[log], log.map(record => [record])]) {
      const stage = new Stage(large as KeyedProcess<never>)
      for (const batch of batches) await stage.batch(batch)
      const fired = stage.outcomes.filter(outcome => outcome === 'timer/fired').length
      assert.equal(fired, 21)
      assert.equal(stage.outcomes.filter(outcome => outcome === 'timer/timer-rejected').length, 9)
      assert.equal(stage.outcomes.at(-1), 'applied/kept')
    }
  })
})

it('given a large unpublished outbox, when its topic takes nothing, then no batch adds to it', async () => {
  const { stage, commits, store } = createMeasuredStage()
  const log = createLog(
    names.map((name, index) => [index, told(`a${index}`, name, index, { emissions: [900 * KiB] })] as const),
  )
  const away = { publish: () => Promise.reject(new Unavailable('broker-unavailable', 'away')) }
  for (let delivery = 0; delivery < 4; delivery += 1)
    await stage.batch(log.slice(0, 5 + 5 * delivery), { ports: { store, publisher: away } })
  assert.equal(commits.length, 1)
  assert.deepEqual(await stage.batch(log, { ports: { store } }), { batchItemFailures: [] })
  assert.deepEqual(
    stage.events.map(({ data }) => (data as { pad: string }).pad.length),
    Array(30).fill(900 * KiB),
  )
})
