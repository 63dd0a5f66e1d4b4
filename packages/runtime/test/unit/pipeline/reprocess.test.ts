/** A partition state is computed anew from the log, beside the live one, and takes its place. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MemoryStateStore } from '../../../adapters/memory/state-store.ts'
import type { LogRecord } from '../../../cloudevents/record.ts'
import type { Received } from '../../../consumer/event.ts'
import { completeStep, type KeyedProcess } from '../../../consumer/process.ts'
import type { CopyStopped } from '../../../pipeline/errors.ts'
import type { StateKey } from '../../../pipeline/model/partition-state.ts'
import { addContents } from '../../../pipeline/reprocessing/add-contents.ts'
import { EMPTY_SELECTION } from '../../../testing/empty-selection.ts'
import { Random } from '../../../testing/random.ts'
import { createFailure } from '../../support/changes.ts'
import { MemoryReplaceableStates } from '../../support/memory-replaceable-states.ts'
import { logRecord, environmentReading as reading } from '../../support/records.ts'
import { reprocessed } from '../../support/reprocessing.ts'
import { counting, Stage } from '../../support/stage.ts'
import { WATCHED_ID_WINDOW_MS, watchedLog } from '../../support/watched-log.ts'
import { WATCHING } from '../../support/watching.ts'

const SEEDS = 20
const LENGTH = 30

/** `batch` of a stage whose circuit breaker an operator has reset. */
const breaker = { open: async () => Number.NEGATIVE_INFINITY }

function readings(count: number, from = 0): LogRecord[] {
  return Array.from({ length: count }, (_, index) => {
    const offset = from + index
    return logRecord(offset, reading(`r${offset}`, { at: offset, sensor: `s-${offset % 3}` }))
  })
}

/** All that the live state holds, apart from its version, the marks of its commit and rebuild, and how many records were decided. */
function readContents(stage: Stage) {
  const { version, tally, mark, rebuild, ...contents } = stage.store.copyState(stage.stateKey()) as {
    version: { appliedOffset: number }
    tally: unknown
    mark: unknown
    rebuild: unknown
  }
  return { appliedOffset: version.appliedOffset, ...contents }
}

describe('reprocessing a partition', () => {
  for (let seed = 1; seed <= SEEDS; seed += 1)
    // Promise docs/reprocess.md#reprocessing-compute-states-anew | The same code gives the live state again.
    // Promise docs/reprocess.md#how-the-switch-works
    it(`given log ${seed}, kills and other commands beside a consumer, then the new state equals the live one`, async () => {
      const random = new Random(seed)
      const log = watchedLog(random, LENGTH)
      const [watched, reference] = [new Watched(log), new Watched(log)]
      const { stage } = watched
      const live = new MemoryReplaceableStates(stage.store)
      const key = stage.stateKey()
      await watched.decide(10)
      for (let run = 0; run < 5; run += 1) {
        const { version } = await live.facts(key)
        const act = random.pick(INTERRUPTIONS)
        await interrupt(
          live,
          random.between(1, 9),
          () => act(live, key),
          () => reprocessed(stage, log, { live }),
        )
        assert.deepEqual((await live.facts(key)).version, version)
        await watched.decide(2)
      }
      atFence(live, { before: () => watched.decide(5), behind: () => watched.decide(LENGTH) })
      const { epoch } = await reprocessed(stage, log, { live })
      assert.deepEqual([epoch, stage.observer.waits.at(-1)?.reason], [1, 'reprocessing'])
      await watched.decide(LENGTH)
      await reference.decide(LENGTH)
      assert.deepEqual(readContents(stage), readContents(reference.stage))
      assert.deepEqual(watched.ids, reference.ids)
    })

  it('given a comparison that takes too long, then the consumer continues, and no state is switched', async () => {
    const log = readings(40)
    const stage = new Stage()
    await stage.batch(log.slice(0, 20))
    const live = new MemoryReplaceableStates(stage.store)
    const replace = live.replace.bind(live)
    live.replace = async (state, conditions) => {
      // The time of the fence is over.
      await live.unfence(state, { why: 'reprocessing', attempt: conditions.run })
      await stage.batch(log.slice(20))
      return replace(state, conditions)
    }
    await assert.rejects(
      reprocessed(stage, log, { live }),
      (error: CopyStopped) => error.why === 'waiting' && /longer than 60 s/.test(error.message),
    )
    const reference = new Stage()
    await reference.batch(log)
    assert.deepEqual(readContents(stage), readContents(reference))
  })

  it('given a state that is dropped behind the fence, then it stays, and the command ends', async () => {
    const log = readings(20)
    const stage = new Stage()
    await stage.batch(log)
    const live = new MemoryReplaceableStates(stage.store)
    const replace = live.replace.bind(live)
    live.replace = async (...of) => {
      await live.empty(stage.stateKey())
      return replace(...of)
    }
    await assert.rejects(
      reprocessed(stage, log, { live }),
      (error: CopyStopped) => error.why === 'replaced' && /dropped or replaced/.test(error.message),
    )
    assert.deepEqual((await live.facts(stage.stateKey())).version, {
      epoch: 1,
      appliedOffset: -1,
      fired: 0,
    })
  })

  // Promise docs/reprocess.md#the-code-that-is-deployed | Two versions of the code never make one state.
  it('given other code in the live consumer, then nothing is switched and the error names its version', async () => {
    const log = readings(10)
    const stage = new Stage()
    await stage.batch(log, { codeVersion: () => 'v2' })
    const before = stage.store.copyState(stage.stateKey())
    await assert.rejects(reprocessed(stage, log), { why: 'other-code', message: /code: v2\// })
    assert.deepEqual(stage.store.copyState(stage.stateKey()), before)
  })

  it('given a start after offset 0, then a context that only steps set has what they set from there', async () => {
    const noting = {
      ...counting,
      context: {
        setBy: [],
        initial: [],
        read: (context: unknown) => context,
        reasons: { changed: 'changed', unchanged: 'unchanged' },
      },
      onEvent: (state: never, event: Received, context: readonly string[]) => ({
        ...counting.onEvent(state, event, undefined),
        context: [...context, event.id],
      }),
    }
    const log = readings(4)
    const stage = new Stage(noting as never)
    await stage.batch(log)
    await reprocessed(stage, log, { startOffset: 2, dropsOlder: true })
    const { context } = await stage.store.load(stage.stateKey(), { ...EMPTY_SELECTION, contexts: [] })
    assert.equal(context?.json, '["r2","r3"]')
  })

  it('given a start that has expired since the stop, then the next run goes on, and nothing is missing', async () => {
    const { stage, log, live, stopAt } = await rebuilding()
    await stopAt(4)
    const [expired, counts]: [unknown[], number[]] = [[], []]
    const decided = (count: number) => counts.push(count)
    await reprocessed(stage, log.slice(10), { live, decided, expired: range => expired.push(range) })
    assert.deepEqual([expired, counts], [[], [25]])
    const reference = new Stage()
    await reference.batch(log)
    assert.deepEqual(readContents(stage), readContents(reference))
  })

  it('given a kill within the switch, then the next run begins anew', async () => {
    const { stage, log, live } = await rebuilding()
    const replace = live.replace.bind(live)
    live.replace = () => Promise.reject(new Error('killed'))
    await assert.rejects(reprocessed(stage, log, { live }), /killed/)
    live.replace = replace
    const counts: number[] = []
    await reprocessed(stage, log, { live, decided: count => counts.push(count) })
    assert.deepEqual(counts, [40])
  })

  for (const startOffset of [11, 20])
    it(`given start ${startOffset} and a live consumer at 9, then it says so and switches nothing`, async () => {
      const log = readings(30)
      const stage = new Stage()
      await stage.batch(log.slice(0, 10))
      await assert.rejects(
        reprocessed(stage, log, { startOffset, dropsOlder: true }),
        /live consumer is at offset 9 /,
      )
    })

  for (const [what, isTrial] of [
    ['a dry run', true],
    ['a switch that fails', false],
  ] as const)
    it(`given ${what}, then the consumer continues at once, and its state is that of the log`, async () => {
      const log = readings(20)
      const stage = new Stage()
      await stage.batch(log.slice(0, 10))
      const live = new MemoryReplaceableStates(stage.store)
      live.replace = () => Promise.reject(new Error('failed'))
      const run = reprocessed(stage, log, { live, isTrial })
      await (isTrial ? run : assert.rejects(run, /failed/))
      await stage.batch(log.slice(10))
      assert.deepEqual(stage.observer.waits, [])
      const reference = new Stage()
      await reference.batch(log)
      assert.deepEqual(readContents(stage), readContents(reference))
    })

  it('given a dry run beside a consumer that goes on, then nothing waits, and what passed is counted', async () => {
    const log = readings(20)
    const stage = new Stage()
    await stage.batch(log.slice(0, 10))
    const live = new MemoryReplaceableStates(stage.store)
    live.fence = () => Promise.reject(new Error('fenced'))
    const failures = live.failures.bind(live)
    live.failures = async function* (key) {
      await stage.batch(log.slice(10))
      yield* failures(key)
    }
    const { passed, epoch } = await reprocessed(stage, log, { live, isTrial: true })
    assert.deepEqual([passed, epoch, stage.observer.waits], [10, undefined, []])
  })

  it('given a rebuild, then it pauses after its commits, but not while the consumer waits for it', async () => {
    const { stage, log, live } = await rebuilding()
    let now = 0
    const pausedBehindFence: boolean[] = []
    await reprocessed(stage, log, {
      live,
      nowMs: () => (now += 10),
      pause: async () => {
        pausedBehindFence.push((await live.facts(stage.stateKey())).fence !== undefined)
      },
    })
    assert.ok(pausedBehindFence.length >= log.length / 5)
    assert.ok(!pausedBehindFence.includes(true))
  })

  for (const dropsOlder of [true, false])
    it(`given ${dropsOlder ? 'dropped' : 'kept'} older entities, then a repeat from before the start is known`, async () => {
      const log = readings(4)
      const stage = new Stage()
      await stage.batch(log)
      await reprocessed(stage, log, { startOffset: 1, dropsOlder })
      await stage.batch([logRecord(4, reading('r0', { at: 0, sensor: 's-0' }))])
      assert.equal(stage.outcomes.at(-1), 'duplicate/id-known')
    })

  it('given an older entity that waits for a timer, then it fires at the same record as without a rebuild', async () => {
    const log = appended([0, 's-0'], [40, 's-1'], [50, 's-1'], [61, 's-1'], [101, 's-1'])
    const [stage, reference] = [new Stage(waiting(1)), new Stage(waiting(1))]
    await stage.batch(log.slice(0, 3))
    const { older } = await reprocessed(stage, log, { startOffset: 1 })
    assert.equal(older, 1)
    await reference.batch(log.slice(0, 3))
    for (const record of log.slice(3)) {
      await stage.batch([record])
      await reference.batch([record])
      assert.ok(reference.events.length > 0)
      assert.deepEqual(stage.events, reference.events)
    }
  })

  it('given a fence between two timers of a record, then the switch waits for it, and each fires once', async () => {
    const log = appended([0, 's-0'], [40, 's-1'], [80, 's-2'])
    const [stage, reference] = [new Stage(waiting(3)), new Stage(waiting(3))]
    stage.consumer = { ...stage.consumer, limits: { ...stage.consumer.limits, timers: 1 } }
    await stage.batch(log.slice(0, 2))
    const live = new MemoryReplaceableStates(stage.store)
    const commit = stage.store.commit.bind(stage.store)
    const fired: number[] = []
    atFence(live, {
      before: async () => {
        stage.store.commit = async (state, change) => {
          if (fired.push(change.fired) > 1) throw new Error('killed')
          return commit(state, change)
        }
        await stage.batch(log)
        stage.store.commit = commit
      },
    })
    const pause = async () => void (await stage.batch(log))
    const { appliedOffset } = await reprocessed(stage, log, { live, pause })
    await stage.batch(log)
    await reference.batch(log)
    assert.deepEqual([fired[0], appliedOffset], [1, 2])
    assert.deepEqual(stage.events, reference.events)
    assert.deepEqual(readContents(stage), readContents(reference))
  })
})

describe('contents that are added to a rebuilt state', () => {
  for (const count of [1_000, 1_001, 2_001])
    it(`given ${count} of each kind, then none is missing`, async () => {
      const [store, { consumer }] = [new MemoryStateStore(), new Stage()]
      const key = { consumer: 'counting', topic: 'readings', partition: 0 }
      const names = Array.from({ length: count }, (_, number) => `${number}`)
      const event = { id: '1', source: '/s', type: 't' }
      await addContents(store, consumer, key, {
        appliedOffset: 7,
        states: new Map(names.map(name => [name, '1'])),
        timers: new Map(names.map(name => [name, [{ name, dueMs: 1, thresholdMs: 9, id: 'i', trace: {} }]])),
        outbox: names.map(name => ({ position: `0.7.${name}`, to: 'events', key: null, event })),
        ids: names.map(name => ({ id: name.padStart(12, 'a'), digest: '12345678', appliedAtMs: 0 })),
        failures: names.map(name => createFailure(name, 0)),
      })
      const { outbox } = await store.load(key, EMPTY_SELECTION)
      const found = [outbox.length]
      for (const all of [store.states(key), store.timers(key), store.ids(key), store.failures(key)]) {
        let items = 0
        for await (const _ of all as AsyncIterable<unknown>) items += 1
        found.push(items)
      }
      assert.deepEqual(
        found,
        found.map(() => count),
      )
    })
})

/** A consumer that uses everything, and that decides its log in parts. */
class Watched {
  readonly stage = new Stage(WATCHING.before as never)
  readonly #log: readonly LogRecord[]
  #end = 0

  constructor(log: readonly LogRecord[]) {
    this.#log = log
    const { consumer } = this.stage
    const limits = { ...consumer.limits, records: 4 }
    this.stage.consumer = { ...consumer, idWindowMs: WATCHED_ID_WINDOW_MS, limits }
    this.stage.inLog(log)
  }

  get ids(): string[] {
    return [...new Set(this.stage.events.map(({ id }) => id))]
  }

  /** Decides all up to the next `count` records. */
  async decide(count: number): Promise<void> {
    this.#end += count
    await this.stage.batch(this.#log.slice(0, this.#end), { ports: { breaker } })
  }
}

/** Ways to interrupt a rebuild. */
const INTERRUPTIONS: readonly ((live: MemoryReplaceableStates, key: StateKey) => Promise<unknown>)[] = [
  () => Promise.reject(new Error('killed')),
  ({ rebuilds }, key) => rebuilds.abandon(key),
  ({ rebuilds }, key) =>
    rebuilds.begin(key, { startOffset: 0, from: 'other', code: 'v1', dropsOlder: false, begunMs: 0 }, 9),
]

/** Lets something happen before this commit of a rebuild, or before its switch if that is earlier. */
async function interrupt(
  live: MemoryReplaceableStates,
  at: number,
  act: () => Promise<unknown>,
  run: () => Promise<unknown>,
): Promise<void> {
  const { states } = live.rebuilds
  const [commit, replace] = [states.commit.bind(states), live.replace.bind(live)]
  let commits = 0
  states.commit = async (...of) => {
    commits += 1
    if (commits === at) await act()
    return commit(...of)
  }
  live.replace = async (...of) => {
    await act()
    return replace(...of)
  }
  await assert.rejects(run(), ({ message, why }) => message === 'killed' || why === 'overtaken')
  Object.assign(states, { commit })
  Object.assign(live, { replace })
}

/** Returns readings of sensors, each appended at its time in seconds. */
function appended(...sent: readonly (readonly [number, string])[]): LogRecord[] {
  return sent.map(([at, sensor], offset) => {
    const event = reading(`r${offset}`, { at, sensor })
    return logRecord(offset, event, { timestampMs: Date.parse(event.time as string) })
  })
}

/** Sets timers that are due a minute after a reading, and publishes when one fires. */
function waiting(timers: number): KeyedProcess<never> {
  const process: KeyedProcess<object> = {
    ...counting,
    onEvent: (_, { timeMs }) => {
      const due = Array.from({ length: timers }, (_, number) => ({
        name: `t${number}`,
        dueMs: timeMs + 60_000,
      }))
      return completeStep('waits', {}, [], due)
    },
    onTimer: (state, { name, entity }) =>
      completeStep('fired', state, [
        { name, to: 'events', key: entity, type: 'test.fired', source: '/waiting', data: { name } } as never,
      ]),
  }
  return process as KeyedProcess<never>
}

/** Returns a live consumer of 40 readings, and a rebuild of it in chunks of five. */
async function rebuilding() {
  const log = readings(40)
  const stage = new Stage()
  await stage.batch(log)
  stage.consumer = { ...stage.consumer, limits: { ...stage.consumer.limits, records: 5 } }
  const live = new MemoryReplaceableStates(stage.store)
  /** Reprocesses, and is stopped at this commit of the rebuild. */
  const stopAt = async (commit: number) => {
    const stop = new AbortController()
    const { states } = live.rebuilds
    const own = states.commit.bind(states)
    let commits = 0
    states.commit = async (...of) => {
      commits += 1
      if (commits === commit) stop.abort()
      return own(...of)
    }
    await assert.rejects(
      reprocessed(stage, log, { live, stop: stop.signal }),
      (error: CopyStopped) => error.why === 'stopped',
    )
    states.commit = own
  }
  return { stage, log, live, stopAt }
}

/** Lets something happen when the live state is fenced. */
function atFence(
  live: MemoryReplaceableStates,
  { before, behind }: { before?: () => Promise<unknown>; behind?: () => Promise<unknown> },
): void {
  const fence = live.fence.bind(live)
  live.fence = async (...of) => {
    live.fence = fence
    await before?.()
    const version = await fence(...of)
    await behind?.()
    return version
  }
}
