/** Chunks that are decided without a load: when, what proves or refuses them, and what happens then. */

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, it } from 'node:test'
import { KeptStates } from '../../../adapters/kept/kept-states.ts'
import { KeptStore } from '../../../adapters/kept/kept-store.ts'
import { MemoryStateStore } from '../../../adapters/memory/state-store.ts'
import type { LogRecord } from '../../../cloudevents/record.ts'
import { completeStep, type KeyedProcess } from '../../../consumer/process.ts'
import { confirmDelivery, type Sink } from '../../../consumer/sink.ts'
import { computeDigest } from '../../../pipeline/model/fingerprint.ts'
import type { StateKey } from '../../../pipeline/model/partition-state.ts'
import type { Change, LoadSelection } from '../../../pipeline/model/snapshot.ts'
import { EMPTY_SELECTION } from '../../../testing/empty-selection.ts'
import { MemoryLogReader } from '../../../testing/memory-log-reader.ts'
import { conformsAsStateStore } from '../../conformance/state-store.ts'
import { READING_TYPES } from '../../support/application.ts'
import { createChange } from '../../support/changes.ts'
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

const count = async (stage: Stage) => {
  const selection = { ...EMPTY_SELECTION, entities: ['/environment/test-site s-1'] }
  const { states } = await stage.ports.store.load(stage.stateKey(), selection)
  return /"count":(\d+)/.exec([...states.values()].join())?.[1]
}

describe('given an instance that has committed a partition last', () => {
  // Promise docs/guarantees.md#rule 28
  it('rule 28: when the next records need only what it has kept, then nothing is loaded', async () => {
    const { stage, calls } = await begin([reading(0), reading(1, 'alarm', 's-7')])
    assert.deepEqual(await calls(reading(2), reading(3)), GUESSED)
    assert.deepEqual(await calls(reading(4, 'emitting')), GUESSED)
    assert.deepEqual(await calls(reading(5)), GUESSED)
    assert.deepEqual([stage.events.length, await count(stage)], [1, '5'])
  })

  it('when an entity was without a state at the last load, then it need not be loaded either', async () => {
    const { calls } = await begin([reading(0, 'failing', 's-2')])
    assert.deepEqual(await calls(reading(1, 'r1', 's-2')), GUESSED)
  })

  it('when a chunk is loaded in between, then what was kept before is still known', async () => {
    const { calls } = await begin()
    assert.deepEqual(await calls(reading(2, 'r2', 's-2')), LOADED)
    assert.deepEqual(await calls(reading(3), reading(4, 'r4', 's-2')), GUESSED)
  })
})

describe('given an instance that has committed a partition last, then it loads', () => {
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
})

describe('given a kept state that is not the stored one, then the guess is refused, and the chunk is decided again', () => {
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
    assert.equal(await count(stage), '3')
  })
})

describe('given a guess that does not end with a commit, then nothing is kept, and the chunk is decided from a load', () => {
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

describe('given a store around the store', () => {
  const stateKey: StateKey = { consumer: 'c', topic: 't', partition: 0 }
  const keptFor = { process: {}, isNext: () => true }
  const create = (memory = new MemoryStateStore()) => new KeptStore(memory, new KeptStates(randomUUID()))
  const wanted = (...entities: string[]) => ({ ...EMPTY_SELECTION, keptFor, entities })

  it('when a version is spread into a new object, then the commit that names it still finds its load', async () => {
    const store = create()
    for (const appliedOffset of [0, 1, 2]) {
      const { provenBy, version } = await store.load(stateKey, wanted('e'))
      const answer = await store.commit(stateKey, createChange({ base: { ...version }, appliedOffset }))
      assert.deepEqual([provenBy, typeof answer], [appliedOffset === 0 ? undefined : 'commit', 'object'])
    }
  })

  it('when the commit of a guess names a version without its mark, then it is refused, since nothing proves it', async () => {
    const store = create()
    const { version: base } = await store.load(stateKey, wanted('e'))
    await store.commit(stateKey, createChange({ base }))
    const { provenBy, version } = await store.load(stateKey, wanted('e'))
    const change = createChange({ base: structuredClone(version), appliedOffset: 1 })
    assert.deepEqual([provenBy, await store.commit(stateKey, change)], ['commit', 'refused'])
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
})
