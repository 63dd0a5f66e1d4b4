/** Chunks that are decided without a load: when, what proves or refuses them, and what happens then. */

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, it } from 'node:test'
import { KeptStates } from '../../../adapters/kept/kept-states.ts'
import { KeptStore } from '../../../adapters/kept/kept-store.ts'
import { MemoryStateStore } from '../../../adapters/memory/state-store.ts'
import type { LogRecord } from '../../../cloudevents/record.ts'
import type { FailureData } from '../../../consumer/failure-event.ts'
import { completeStep, type KeyedProcess, reject } from '../../../consumer/process.ts'
import { confirmDelivery, type Sink } from '../../../consumer/sink.ts'
import { Unavailable } from '../../../pipeline/errors.ts'
import { computeDigest } from '../../../pipeline/model/fingerprint.ts'
import { measureStoredHold } from '../../../pipeline/model/hold.ts'
import type { StateKey } from '../../../pipeline/model/partition-state.ts'
import type { Change, LoadSelection } from '../../../pipeline/model/snapshot.ts'
import { EMPTY_SELECTION } from '../../../testing/empty-selection.ts'
import { MemoryLogReader } from '../../../testing/memory-log-reader.ts'
import { conformsAsStateStore } from '../../conformance/state-store.ts'
import { READING_TYPES } from '../../support/application.ts'
import { createChange } from '../../support/changes.ts'
import { failureEnded, nextAttempt } from '../../support/parking.ts'
import { environmentReading, logRecord, TOPIC } from '../../support/records.ts'
import { Stage } from '../../support/stage.ts'

const aroundMemory = new KeptStore(new MemoryStateStore(), new KeptStates(randomUUID()))
conformsAsStateStore('kept, around memory,', () => aroundMemory)

/** A store that notes its calls, and whether a commit was decided without a load. */
class NotingStore extends MemoryStateStore {
  calls: string[] = []

  override load(stateKey: StateKey, wanted: LoadSelection) {
    this.calls.push('load')
    return super.load(stateKey, wanted)
  }

  override async commit(stateKey: StateKey, change: Change) {
    const answer = await super.commit(stateKey, change)
    this.calls.push(`${answer === 'refused' ? 'refused' : 'committed'}${change.guess ? ' guess' : ''}`)
    return answer
  }
}

const GUESSED = ['committed guess']
const LOADED = ['load', 'committed']
const REFUSED = ['refused guess', 'load', 'committed']

const ALARM_MS = 60_000

/** Counts, sets an alarm on request, and fails on request. */
const COUNTING: KeyedProcess<{ count: number }> = {
  name: 'counting',
  accepts: READING_TYPES,
  onEvent(state, { id, timeMs, entity }) {
    if (id.startsWith('failing')) throw new Error('failing')
    if (id.startsWith('rejected')) return reject('rejected')
    const count = (state?.count ?? 0) + 1
    const emission = {
      name: 'seen',
      to: 'events',
      key: entity,
      type: 'test.seen',
      source: '/counting',
      data: { id },
    }
    const emit = id.startsWith('emitting') ? [emission as never] : []
    const timers = id.startsWith('alarm') ? [{ name: 'alarm', dueMs: timeMs + ALARM_MS }] : []
    return completeStep('counted', { count }, emit, timers)
  },
  onTimer: state => completeStep('rang', state),
}

const reading = (offset: number, id = `r${offset}`, sensor = 's-1') =>
  logRecord(offset, environmentReading(id, { sensor, at: offset }))

/** A stage whose instance has committed the offsets before `next`, with the state of the sensor `s-1`. */
async function begin(before: readonly LogRecord[] = [reading(0), reading(1)], process = COUNTING) {
  const store = new NotingStore()
  const stage = new Stage(process as KeyedProcess<never>, { store })
  if (before.length > 0) await stage.batch(before)
  store.calls = []
  /** Calls of the store while the batch is processed, apart from those of the test. */
  const batch = async (records: readonly LogRecord[], given: Parameters<Stage['batch']>[1] = {}) => {
    store.calls = []
    const { batchItemFailures } = await stage.batch(records, given)
    return { calls: store.calls, waits: batchItemFailures.map(({ itemIdentifier }) => itemIdentifier.offset) }
  }
  const calls = async (...records: LogRecord[]) => (await batch(records)).calls
  return { store, stage, stateKey: stage.stateKey(), batch, calls }
}

const count = async (store: MemoryStateStore, stage: Stage) => {
  const { states } = await store.load(stage.stateKey(), {
    ...{ entities: ['/environment/test-site s-1'], ids: [], failures: [], idWindowMs: 0 },
    ...{ span: { firstAppendMs: 0, advanceMs: 0 }, timerLimit: 1, byteLimit: 1_000 },
  })
  return /"count":(\d+)/.exec([...states.values()].join())?.[1]
}

/** Another environment commits what follows. It keeps states of its own. */
const elsewhere = (stage: Stage, ...records: LogRecord[]) =>
  stage.batch(records, { keptStates: new KeptStates(randomUUID()) })

describe('given an instance that has committed a partition last', () => {
  it('rule 28: when the next records need only what it has kept, then nothing is loaded', async () => {
    const { stage, store, calls } = await begin()
    assert.deepEqual(await calls(reading(2), reading(3)), GUESSED)
    assert.deepEqual(await calls(reading(4)), GUESSED)
    assert.equal(await count(store, stage), '5')
  })

  it('when an entity was without a state at the last load, then it need not be loaded either', async () => {
    const { calls } = await begin([reading(0, 'failing', 's-2')])
    assert.deepEqual(await calls(reading(1, 'r1', 's-2')), GUESSED)
  })

  it('when the next record sets another timer, then the first one of the entity stays', async () => {
    const onEvent: typeof COUNTING.onEvent = (_, { id, timeMs }) =>
      completeStep('set', { count: 1 }, [], [{ name: id, dueMs: timeMs + ALARM_MS }])
    const { store, stateKey, calls } = await begin([reading(0, 'first')], { ...COUNTING, onEvent })
    assert.deepEqual(await calls(reading(1, 'second')), GUESSED)
    const entity = '/environment/test-site s-1'
    const { timers } = await store.load(stateKey, { ...EMPTY_SELECTION, entities: [entity] })
    assert.deepEqual(
      timers.get(entity)?.map(({ name }) => name),
      ['first', 'second'],
    )
  })

  it('when a chunk is loaded in between, then what was kept before is still known', async () => {
    const { calls } = await begin()
    assert.deepEqual(await calls(reading(2, 'r2', 's-2')), LOADED)
    assert.deepEqual(await calls(reading(3), reading(4, 'r4', 's-2')), GUESSED)
  })

  it('when a load was cut by its limit of bytes, then what was left out is not kept', async () => {
    const pad = 'x'.repeat(3_000)
    const onEvent: typeof COUNTING.onEvent = state =>
      completeStep('counted', { count: (state?.count ?? 0) + 1, pad })
    const stage = new Stage({ ...COUNTING, onEvent } as KeyedProcess<never>)
    const sensors = ['s-1', 's-2', 's-3', 's-4']
    const readAll = (offset: number) => sensors.map((sensor, n) => reading(offset + n, undefined, sensor))
    await stage.batch(readAll(0), { keptStates: undefined })
    stage.consumer = { ...stage.consumer, limits: { ...stage.consumer.limits, bytes: 7_000 } }
    await stage.batch(readAll(4))
    for (const sensor of sensors)
      assert.deepEqual(await stage.state(`/environment/test-site ${sensor}`), { count: 2, pad })
  })

  it('when another environment has committed in between, then only what was loaded since is kept', async () => {
    const { stage, calls } = await begin()
    await elsewhere(stage, reading(2))
    assert.deepEqual(await calls(reading(3, 'r3', 's-2')), LOADED)
    assert.deepEqual(await calls(reading(4)), LOADED)
  })
})

describe('given an instance that has committed a partition last, then it loads', () => {
  it('records that are delivered again', async () => {
    const { calls } = await begin()
    assert.deepEqual(await calls(reading(1), reading(2)), LOADED)
  })

  it('entities that it has not kept', async () => {
    const { calls } = await begin()
    assert.deepEqual(await calls(reading(2), reading(3, 'r3', 's-9')), LOADED)
  })

  it('the state behind which records are missing, which are not read back for a guess', async () => {
    const { stage, store, calls } = await begin()
    stage.inLog([reading(2)])
    assert.deepEqual(await calls(reading(3)), ['load', ...LOADED])
    assert.equal(await count(store, stage), '4')
  })

  it('a chunk in which a stored timer of any entity becomes due', async () => {
    const { stage, calls } = await begin([reading(0, 'alarm', 's-7'), reading(1)])
    assert.deepEqual(await calls(reading(59)), ['load', ...LOADED])
    assert.deepEqual(await calls(reading(60)), GUESSED)
    assert.deepEqual(await calls(reading(61)), LOADED)
    assert.ok(stage.outcomes.includes('timer/rang'))
  })

  it('records that are redriven for it', async () => {
    const { stage, calls } = await begin([reading(0), reading(1, 'failing')])
    const failure = stage.events[0]?.data as FailureData
    assert.deepEqual(await calls(nextAttempt(failure, 2, reading(2).timestampMs)), LOADED)
    assert.deepEqual(stage.outcomes.slice(-1), ['failed/unexpected-error'])
  })

  it('the end of a failure for which an entity waits, because that entity may not be kept', async () => {
    const parking = { most: 10, bytes: 10_000, partitionBytes: 10_000, forMs: 3_600_000 }
    const { stage, store, stateKey, calls } = await begin([reading(0, 'r0', 's-2')], {
      ...COUNTING,
      parking,
    } as typeof COUNTING)
    assert.deepEqual(await calls(reading(1, 'failing', 's-2')), LOADED)
    assert.deepEqual(await calls(reading(2, 'parked', 's-2')), LOADED)
    assert.deepEqual(await calls(reading(3, 'parked-too', 's-2')), GUESSED)
    const { states, parkedBytes } = store.copyState(stateKey) as Record<'states', Map<string, string>> &
      Record<'parkedBytes', number>
    assert.equal(
      parkedBytes,
      [...states.values()].reduce((sum, stored) => sum + measureStoredHold(stored), 0),
    )
    const ended = logRecord(4, failureEnded(stage.events[0]?.data as FailureData))
    assert.equal((await calls(ended))[0], 'load')
    await calls(reading(5, 'r5', 's-2'))
    assert.deepEqual(stage.outcomes.slice(2), [
      ...['parked/entity-held', 'parked/entity-held', 'applied/failure-ended'],
      ...['parked-applied/counted', 'parked-applied/counted', 'applied/counted'],
    ])
  })

  it('records that were read back, and not the one that was delivered', async () => {
    const { stage, store, stateKey, batch } = await begin()
    store.restore(stateKey, undefined)
    stage.consumer = { ...stage.consumer, limits: { ...stage.consumer.limits, records: 1 } }
    stage.inLog([reading(2)])
    const { calls } = await batch([reading(3)])
    assert.deepEqual(calls, ['load', ...LOADED, ...LOADED, ...LOADED, ...GUESSED])
    assert.equal(await count(store, stage), '4')
  })

  it('origins that it has not kept, and it knows the sequences of others', async () => {
    const process = { ...COUNTING, accepts: COUNTING.accepts }
    const { stage, calls } = await begin([reading(0)], process)
    const emitters = new Map([[TOPIC, new Set(['upstream'])]])
    stage.consumer = { ...stage.consumer, emitters, idWindowMs: 0 }
    const emitted = (offset: number, partition: number, index: number) => {
      const extensions = {
        origin: `upstream:c:t:${partition}:1`,
        sequence: `0.${String(index).padStart(16, '0')}.00000000`,
      }
      return logRecord(offset, environmentReading(`e${offset}`, { at: offset, extensions }))
    }
    assert.deepEqual(await calls(emitted(1, 0, 5)), LOADED)
    assert.deepEqual(await calls(emitted(2, 0, 6)), GUESSED)
    assert.deepEqual(await calls(emitted(3, 0, 6)), GUESSED)
    assert.deepEqual(await calls(emitted(4, 1, 1)), LOADED)
    assert.deepEqual(stage.outcomes.slice(1), [
      ...['applied/counted', 'applied/counted', 'duplicate/not-higher', 'applied/counted'],
    ])
  })

  it('a state that its code cannot read, and the reason is that of the stored one', async () => {
    const { stage, store, stateKey, batch } = await begin()
    store.put(stateKey, new Map([['/environment/test-site s-3', 'v2 {"count":1}']]))
    const first = await batch([reading(2), reading(3, 'r3', 's-3')])
    assert.deepEqual([first.calls, first.waits], [LOADED, [2, 3]])
    const { calls, waits } = await batch([reading(3, 'r3', 's-3')])
    assert.deepEqual([calls[0], waits], ['load', [3]])
    assert.equal(stage.observer.waits.at(-1)?.reason, 'state-newer-than-code')
  })

  it('everything, if it is a sink, which calls its receiver before it commits', async () => {
    const sink: Sink = {
      name: 'sink',
      accepts: READING_TYPES,
      deliver: async events => events.map(() => confirmDelivery('delivered')),
    }
    const { calls } = await begin([reading(0)], sink as never)
    assert.deepEqual(await calls(reading(1)), LOADED)
  })

  it('everything, if another process has kept the state', async () => {
    const { stage, calls } = await begin()
    stage.consumer = { ...stage.consumer, process: { ...COUNTING } as never }
    assert.deepEqual(await calls(reading(2)), LOADED)
  })
})

describe('given a kept state that is not the stored one, then the guess is refused, and the chunk is decided again', () => {
  it('when another environment has committed the same batch', async () => {
    const { stage, store, calls } = await begin()
    await elsewhere(stage, reading(2))
    assert.deepEqual(await calls(reading(2)), ['refused guess', 'load'])
    assert.equal(await count(store, stage), '3')
  })

  it('when the state was lost and decided again up to the same offset', async () => {
    const { stage, store, stateKey, calls } = await begin()
    store.restore(stateKey, undefined)
    const other = { ...COUNTING, onEvent: () => completeStep('again', { count: 100 }) }
    const { consumer } = stage
    stage.consumer = { ...consumer, process: other as never }
    await elsewhere(stage, reading(0), reading(1))
    stage.consumer = consumer
    assert.deepEqual(await calls(reading(2)), REFUSED)
    assert.equal(await count(store, stage), '101')
  })

  it('when an operator has skipped a record, or has taken that back', async () => {
    const { stage, store, stateKey, calls } = await begin()
    await store.skip(stateKey, 2, computeDigest(reading(2)))
    assert.deepEqual(await calls(reading(2)), REFUSED)
    assert.deepEqual(stage.outcomes.slice(-1), ['failed/skipped'])
    await store.skip(stateKey, 4, computeDigest(reading(4)))
    await store.skip(stateKey, 6, computeDigest(reading(6)))
    await calls(reading(3))
    await store.unskip(stateKey, 4)
    await calls(reading(4))
    assert.deepEqual(stage.outcomes.slice(-1), ['applied/counted'])
    for (let offset = 5; offset < 12; offset += 1) await calls(reading(offset))
    assert.equal(stage.outcomes[6], 'failed/skipped')
  })

  it('when the chunk reaches a record that was skipped before, then only this chunk is loaded', async () => {
    const { stage, store, stateKey, calls } = await begin([])
    await store.skip(stateKey, 2, computeDigest(reading(2)))
    await calls(reading(0))
    assert.deepEqual(await calls(reading(1)), GUESSED)
    assert.deepEqual(await calls(reading(2)), REFUSED)
    assert.deepEqual(await calls(reading(3)), LOADED)
    assert.deepEqual(await calls(reading(4)), GUESSED)
    assert.deepEqual(stage.outcomes.slice(0, 3), ['applied/counted', 'applied/counted', 'failed/skipped'])
  })

  it('when an event is sent again', async () => {
    const { stage, calls } = await begin()
    const again = logRecord(2, environmentReading('r1', { at: 1 }))
    assert.deepEqual(await calls(again), REFUSED)
    assert.deepEqual(stage.outcomes.slice(-1), ['duplicate/id-known'])
  })

  it('when an event is sent again, and its step would fail this time', async () => {
    const code = { isBroken: false }
    const onEvent: typeof COUNTING.onEvent = () => {
      return code.isBroken ? reject('broken') : completeStep('counted', { count: 1 })
    }
    const { stage, calls } = await begin([reading(0)], { ...COUNTING, onEvent })
    code.isBroken = true
    assert.deepEqual(await calls(logRecord(1, environmentReading('r0', { at: 0 }))), REFUSED)
    assert.deepEqual(stage.outcomes.slice(-1), ['duplicate/id-known'])
  })

  it('when a failover has brought back emissions, which are then published', async () => {
    const { stage, store, stateKey, calls } = await begin()
    const trim = store.trimOutbox.bind(store)
    let copy: unknown
    store.trimOutbox = async (...trimmed) => {
      copy = store.copyState(stateKey)
      return trim(...trimmed)
    }
    await calls(reading(2, 'emitting'))
    store.trimOutbox = trim
    store.restore(stateKey, copy)
    assert.deepEqual(await calls(reading(3)), REFUSED)
    assert.equal(stage.events.length, 2)
    assert.equal((store.copyState(stateKey) as { outbox: Map<string, never> }).outbox.size, 0)
  })
})

describe('given another environment with older code, which leaves the mark and compares none', () => {
  /** Commits like such code. */
  const withoutMarks = (store: MemoryStateStore, stage: Stage, ...records: LogRecord[]) => {
    const commit = async (stateKey: StateKey, change: Change) => {
      const { mark } = await store.load(stateKey, EMPTY_SELECTION)
      const answer = await store.commit(stateKey, change)
      store.restore(stateKey, { ...(store.copyState(stateKey) as object), mark })
      return answer
    }
    const old = { commit, load: store.load.bind(store), trimOutbox: store.trimOutbox.bind(store) }
    return stage.batch(records, { keptStates: undefined, ports: { store: old } })
  }

  it('when it commits between two commits of the instance, then only what was loaded since is kept', async () => {
    const { stage, store, calls } = await begin([reading(0), reading(1, 'r1', 's-2')])
    await withoutMarks(store, stage, reading(2))
    assert.deepEqual(await calls(reading(3, 'r3', 's-2')), LOADED)
    assert.deepEqual(await calls(reading(4)), LOADED)
    assert.equal(await count(store, stage), '3')
  })

  it('when it commits the batch of a guess, then the guess is refused', async () => {
    const { stage, store, calls } = await begin()
    await withoutMarks(store, stage, reading(2))
    assert.deepEqual(await calls(reading(2)), ['refused guess', 'load'])
  })
})

describe('given a guess that does not end with a commit, then nothing is kept, and the chunk is decided from a load', () => {
  it('when no answer comes, whether it was committed or not, then the records wait, as after a load', async () => {
    for (const isCommitted of [true, false]) {
      const { stage, store, batch, calls } = await begin()
      const commit = store.commit.bind(store)
      store.commit = async (stateKey, change) => {
        store.commit = commit
        if (isCommitted) await commit(stateKey, change)
        throw new Unavailable('store-unavailable', 'no answer')
      }
      assert.deepEqual((await batch([reading(2, 'emitting')])).waits, [2])
      assert.equal(stage.observer.waits.at(-1)?.reason, 'store-unavailable')
      assert.deepEqual(await calls(reading(2, 'emitting')), isCommitted ? ['load'] : LOADED)
      assert.equal(await count(store, stage), '3')
      assert.equal(stage.events.length, 1)
    }
  })

  it('when the code has a fault that only a guess shows, then the records wait, and the error is reported', async () => {
    const { stage, store, batch } = await begin()
    const commit = store.commit.bind(store)
    store.commit = (stateKey, change) => {
      if (change.guess) throw new TypeError('a fault of the guess')
      return commit(stateKey, change)
    }
    const { calls, waits } = await batch([reading(2)])
    assert.deepEqual([calls, waits], [[], [2]])
    assert.equal(stage.observer.waits.at(-1)?.reason, 'unexpected-error')
    assert.deepEqual((await batch([reading(2)])).calls, LOADED)
  })

  it('when most records fail unexpectedly, then only the loaded state opens the breaker', async () => {
    const fleet = ['s-1', 's-2', 's-3', 's-4'].map((sensor, offset) => reading(offset, `r${offset}`, sensor))
    const { stage, store, batch } = await begin(fleet)
    const opened: string[][] = []
    const breaker = { open: async () => opened.push([...store.calls]) * 0 }
    const failing = [1, 2, 3, 4].flatMap(n => [0, 1, 2, 3].map(m => 4 * n + m))
    const records = failing.map(offset => reading(offset, `failing${offset}`, `s-${(offset % 4) + 1}`))
    const { calls, waits } = await batch(records, { ports: { breaker } })
    assert.deepEqual([calls, opened], [['load'], [['load']]])
    assert.equal(waits.length, records.length)
    assert.equal(stage.observer.list('breaker-open').length, 1)
  })

  it('when the topic was created again, then the partition stops before its commit, although the chunk fits', async () => {
    const { stage, batch } = await begin()
    const recreated = [reading(0, 'x0'), reading(1, 'x1'), reading(2)]
    const ports = { log: new MemoryLogReader(recreated) }
    const { calls, waits } = await batch([reading(2)], { nowMs: () => 120_000, ports })
    assert.deepEqual([calls, waits], [[], [2]])
    assert.equal(stage.observer.waits.at(-1)?.reason, 'another-log')
  })

  it('when loads are refused, too, then the guess has taken none of the three attempts', async () => {
    const { store, batch } = await begin()
    store.commit = async (_, change) => {
      store.calls.push(change.guess ? 'refused guess' : 'refused')
      return 'refused'
    }
    const { calls } = await batch([reading(2)])
    assert.deepEqual(calls, ['refused guess', ...Array(3).fill(['load', 'refused']).flat()])
  })
})

describe('given a commit whose emissions were not published and removed, then its state is not kept', () => {
  it('when the publish fails, then the next chunk loads and publishes', async () => {
    const { stage, batch, calls } = await begin()
    const publish = async () => Promise.reject(new Unavailable('broker-unavailable', 'away'))
    const { waits } = await batch([reading(2, 'emitting')], { ports: { publisher: { publish } } })
    assert.deepEqual(waits, [2])
    assert.deepEqual(await calls(reading(2, 'emitting'), reading(3)), LOADED)
    assert.equal(stage.events.length, 1)
  })

  it('when they cannot be removed, then the next chunk loads and publishes them again', async () => {
    const { stage, store, calls } = await begin()
    const trim = store.trimOutbox.bind(store)
    store.trimOutbox = async () => Promise.reject(new Unavailable('store-unavailable', 'away'))
    await calls(reading(2, 'emitting'))
    assert.deepEqual(await calls(reading(3)), LOADED)
    store.trimOutbox = trim
    assert.deepEqual(await calls(reading(4)), LOADED)
    assert.equal(stage.events.length, 3)
  })
})

describe('given what only the store knows after a commit, then a guess has it', () => {
  it('when failures were forgotten, then the next guess does not hide it', async () => {
    const { stage, store, stateKey, calls } = await begin()
    stage.consumer = { ...stage.consumer, failureBytes: 12 * 64 }
    for (let offset = 2; offset < 8; offset += 1)
      await calls(reading(offset, `rejected${offset}`, `s-${offset}`))
    const { failuresFromMs: from } = store.copyState(stateKey) as { failuresFromMs: number }
    assert.ok(from > reading(2).timestampMs, 'some were forgotten')
    assert.deepEqual(await calls(reading(8, 'r8', 's-7')), GUESSED)
    assert.equal((store.copyState(stateKey) as { failuresFromMs: number }).failuresFromMs, from)
    assert.ok(stage.observer.list('failure-memory').length > 0)
  })
})

describe('given a store around the store', () => {
  const stateKey: StateKey = { consumer: 'c', topic: 't', partition: 0 }
  const keptFor = { process: {}, isNext: () => true }
  const create = (memory = new MemoryStateStore()) => new KeptStore(memory, new KeptStates(randomUUID()))
  const wanted = (...entities: string[]) => ({ ...EMPTY_SELECTION, keptFor, entities })
  const states = (entity: string, state: string) => new Map([[entity, state]])

  it('when the caller had the context at hand, then its content is loaded once it no longer has', async () => {
    const memory = new MemoryStateStore()
    const context = { hash: 'h', json: '1' }
    await memory.commit(stateKey, createChange({ context }))
    const store = create(memory)
    const { version: base } = await store.load(stateKey, { ...wanted('e'), contexts: ['h'] })
    await store.commit(stateKey, createChange({ base, appliedOffset: 1 }))
    const kept = await store.load(stateKey, { ...wanted('e'), contexts: ['h'] })
    assert.deepEqual([kept.provenBy, kept.context], ['commit', { hash: 'h' }])
    await store.commit(stateKey, createChange({ base: kept.version, appliedOffset: 2 }))
    const loaded = await store.load(stateKey, { ...wanted('e'), contexts: [] })
    assert.deepEqual([loaded.provenBy, loaded.context], [undefined, context])
  })

  it('when a lost state was decided again up to the same offset, then a load keeps nothing from before', async () => {
    const memory = new MemoryStateStore()
    const store = create(memory)
    const { version: base } = await store.load(stateKey, wanted('e1'))
    await store.commit(stateKey, createChange({ base, states: states('e1', '1') }))
    memory.restore(stateKey, undefined)
    await memory.commit(stateKey, createChange({ states: states('e1', '2'), mark: 'of another' }))
    const { version } = await store.load(stateKey, wanted('e2'))
    await store.commit(stateKey, createChange({ base: version, appliedOffset: 1 }))
    assert.equal((await store.load(stateKey, wanted('e1'))).states.get('e1'), '2')
  })

  it('when failures or holders are wanted, then they are loaded', async () => {
    const more: readonly Partial<LoadSelection>[] = [
      { failures: [{ id: 'f', producerGroup: 1 }] },
      { holders: [' held f'] },
      {},
    ]
    for (const [index, some] of more.entries()) {
      const store = create()
      const { version: base } = await store.load(stateKey, wanted('e'))
      await store.commit(stateKey, createChange({ base }))
      const { provenBy } = await store.load(stateKey, { ...wanted('e'), ...some })
      assert.equal(provenBy, index < 2 ? undefined : 'commit')
    }
  })

  it('when the commit of a guess names a copy of its version, then it is refused, since nothing proves it', async () => {
    const store = create()
    const { version: base } = await store.load(stateKey, wanted('e'))
    await store.commit(stateKey, createChange({ base }))
    const { provenBy, version } = await store.load(stateKey, wanted('e'))
    const change = createChange({ base: { ...version }, appliedOffset: 1 })
    assert.deepEqual([provenBy, await store.commit(stateKey, change)], ['commit', 'refused'])
  })

  it('when two loads of one version overlap, then a commit keeps what its own load has returned', async () => {
    const store = create()
    await store.commit(stateKey, createChange({ states: states('e2', '2') }))
    const first = await store.load(stateKey, wanted('e1'))
    await store.load(stateKey, wanted('e2'))
    await store.commit(stateKey, createChange({ base: first.version, appliedOffset: 1 }))
    const { provenBy, states: found } = await store.load(stateKey, wanted('e2'))
    assert.deepEqual([provenBy, found.get('e2')], [undefined, '2'])
  })
})

describe('kept states', () => {
  it('given refusals in a row, as of a producer that repeats events, then it loads first for a while', async () => {
    const { calls } = await begin([reading(0), ...Array.from({ length: 9 }, (_, n) => reading(n + 1))])
    const guesses: number[] = []
    const repeat = async (offset: number) => {
      const again = logRecord(offset, environmentReading(`r${offset % 10}`, { at: offset % 10 }))
      if ((await calls(again)).includes('refused guess')) guesses.push(offset)
    }
    for (let offset = 10; offset < 190; offset += 1) await repeat(offset)
    assert.deepEqual(guesses, [10, 12, 17, 34, 99, 164])
    for (let offset = 190; offset < 230; offset += 1) await calls(reading(offset))
    guesses.length = 0
    for (let offset = 230; offset < 236; offset += 1) await repeat(offset)
    assert.deepEqual(guesses, [230, 232])
  })

  it('given more bytes than the bound, then the least recently used partitions are loaded', async () => {
    const store = new NotingStore()
    const stage = new Stage(COUNTING as KeyedProcess<never>, { store })
    stage.keptStates = new KeptStates(randomUUID(), 700)
    const send = async (partition: number, offset: number) => {
      store.calls = []
      await stage.batch([{ ...reading(offset, `r${partition}-${offset}`), topic: TOPIC, partition }])
      return store.calls
    }
    for (const partition of [0, 1, 2, 3, 4]) await send(partition, 0)
    assert.deepEqual(await send(4, 1), GUESSED)
    assert.deepEqual(await send(0, 1), LOADED)
    assert.deepEqual(await send(0, 2), GUESSED)
    assert.deepEqual(await send(1, 1), LOADED)
  })

  it('given partitions that fit the bound, then each stays kept, however often it is used', async () => {
    const store = new NotingStore()
    const stage = new Stage(COUNTING as KeyedProcess<never>, { store })
    stage.keptStates = new KeptStates(randomUUID(), 700)
    for (let offset = 0; offset < 30; offset += 1)
      for (const partition of [0, 1]) {
        store.calls = []
        await stage.batch([{ ...reading(offset, `r${partition}-${offset}`), topic: TOPIC, partition }])
        assert.deepEqual(store.calls, offset === 0 ? LOADED : GUESSED)
      }
  })

  it('given commits, then each has a mark of its own, also among instances', () => {
    const instances = [new KeptStates('a'), new KeptStates('b')]
    const marks = instances.flatMap(kept => Array.from({ length: 3 }, () => kept.createMark()))
    assert.equal(new Set(marks).size, 6)
  })

  it('given a partition that alone exceeds the bound, then it is not kept, and the others are', async () => {
    const { stage, stateKey, calls } = await begin()
    stage.keptStates = new KeptStates(randomUUID(), 700)
    await calls(reading(2))
    const fleet = ['s-1', 's-2', 's-3', 's-4', 's-5'].map((sensor, offset) =>
      reading(offset, `f${offset}`, sensor),
    )
    const other = (record: LogRecord) => ({ ...record, partition: stateKey.partition + 1 })
    await calls(...fleet.map(other))
    assert.deepEqual(await calls(other(reading(5, 'f5'))), LOADED)
    assert.deepEqual(await calls(reading(3)), GUESSED)
  })

  it('given an instance that keeps none, then every chunk is loaded', async () => {
    const { stage, calls } = await begin()
    stage.keptStates = undefined
    await calls(reading(2))
    assert.deepEqual(await calls(reading(3)), LOADED)
  })
})
