/** Checkpoints of a state with any history: each must be restored as the state was at its applied offset. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { it } from 'node:test'
import fc from 'fast-check'
import type { Change, StateKey, StoredTimer } from '../../packages/runtime/pipeline/model.ts'
import type { StateStore } from '../../packages/runtime/pipeline/ports.ts'
import {
  type CheckpointPages,
  type CheckpointPart,
  type CheckpointStore,
  EMPTY_META,
  type KeptCheckpoint,
  type PartitionStates,
  type Recovery,
} from '../../packages/runtime/pipeline/recovery/checkpoints.ts'
import { restore } from '../../packages/runtime/pipeline/recovery/restore.ts'
import { takeCheckpoints } from '../../packages/runtime/pipeline/recovery/take-checkpoints.ts'
import { MemoryCheckpointStore } from '../../packages/runtime/testing/checkpoint-store.ts'
import { NOTHING_WANTED } from '../../packages/runtime/testing/wanted.ts'
import { changeOf, failureOf } from '../support/changes.ts'
import { partsIn } from '../support/parts.ts'
import { RecordingObserver } from '../support/stage.ts'

const entity = fc.nat(11).map(number => `/e ${number}`)
const change = fc.record({
  set: fc.uniqueArray(entity, { maxLength: 5 }),
  gone: fc.uniqueArray(entity, { maxLength: 2 }),
  timed: fc.uniqueArray(entity, { maxLength: 3 }),
  untimed: fc.uniqueArray(entity, { maxLength: 2 }),
  ids: fc.nat(3),
  fails: fc.boolean(),
  context: fc.boolean(),
  emits: fc.boolean(),
  trims: fc.boolean(),
  /** Log time until then: now and then, generations of ids leave, or changes are no longer noted. */
  advanceMs: fc.oneof(
    { weight: 8, arbitrary: fc.nat(60_000) },
    { weight: 1, arbitrary: fc.constant(3_500_000) },
  ),
})
type Changed = typeof change extends fc.Arbitrary<infer T> ? T : never

/** Where a run that takes a checkpoint is killed; undefined if it is not. */
const kill = fc.constantFrom(undefined, undefined, undefined, 'reading', 'stored', 'removing')

type Step =
  | { readonly does: 'commit'; readonly change: Changed }
  /** `meanwhile` comes while the state is read. */
  | {
      readonly does: 'checkpoint'
      readonly killed: 'reading' | 'stored' | 'removing' | undefined
      readonly meanwhile: readonly Changed[]
    }
  | { readonly does: 'lose-state' | 'fail-over' | 'replace' | 'lose-object' }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ does: fc.constant('commit' as const), change }) },
  {
    weight: 5,
    arbitrary: fc.record({
      does: fc.constant('checkpoint' as const),
      killed: kill,
      meanwhile: fc.array(change, { maxLength: 3 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ does: fc.constantFrom('lose-state', 'fail-over', 'replace', 'lose-object') }),
  },
)

export interface Subject {
  readonly states: PartitionStates
  readonly store: StateStore
  /** Remembers the store's contents for this state, and returns what puts them back: a failover to a replica that lags. */
  remember(state: StateKey): Promise<() => Promise<void>>
  lose(state: StateKey): Promise<void>
}

export function restoresAnyHistory(name: string, subject: () => Subject, numRuns: number): void {
  it(`${name}: given any history, then each checkpoint is restored as the state was`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 30 }), async steps => {
        const history = new History(subject())
        await history.begin()
        for (const one of steps) await history.does(one)
        await history.checkpoint(undefined, [])
        await history.restoresAll()
      }),
      { numRuns },
    )
  })
}

class Killed extends Error {}

class History {
  readonly #subject: Subject
  readonly #state: StateKey = { consumer: 'history', topic: `t-${randomUUID()}`, partition: 0 }
  readonly #checkpoints = new MemoryCheckpointStore()
  /** The parts of the state after each commit, by version; and of each checkpoint. */
  readonly #at = new Map<string, readonly CheckpointPart[]>()
  readonly #expected = new Map<number, readonly CheckpointPart[]>()
  #lagging: (() => Promise<void>) | undefined
  #count = 0
  #nowMs = 1_000

  constructor(subject: Subject) {
    this.#subject = subject
  }

  async begin(): Promise<void> {
    await this.#commit({
      set: ['/e 1'],
      gone: [],
      timed: [],
      untimed: [],
      ids: 1,
      fails: false,
      context: false,
      emits: false,
      trims: false,
      advanceMs: 0,
    })
    this.#lagging = await this.#subject.remember(this.#state)
  }

  async does(one: Step): Promise<void> {
    if (one.does === 'commit') await this.#commit(one.change)
    else if (one.does === 'checkpoint') await this.checkpoint(one.killed, one.meanwhile)
    else if (one.does === 'fail-over') await this.#lagging?.()
    else if (one.does === 'lose-object') await this.#loseObject()
    else if (one.does === 'replace') await this.#replace()
    else await this.#loseState()
    if (one.does === 'commit' && this.#count % 5 === 0)
      this.#lagging = await this.#subject.remember(this.#state)
  }

  async checkpoint(
    killed: 'reading' | 'stored' | 'removing' | undefined,
    meanwhile: readonly Changed[],
  ): Promise<void> {
    this.#nowMs += 900_000
    const options = { kept: 3, nowMs: () => this.#nowMs, remainingMs: () => 60_000, reserveMs: 0 }
    const run = takeCheckpoints(this.#recovery(killed, [...meanwhile]), [this.#state], options)
    const { notTaken } = await run.catch(error => {
      if (error instanceof Killed) return { notTaken: [] }
      throw error
    })
    assert.deepEqual(
      notTaken.filter(({ error }) => !(error instanceof Killed)),
      [],
    )
  }

  /** A new state each: a restored one must not be changed by what an earlier one has left. */
  async restoresAll(): Promise<void> {
    const listed = await this.#checkpoints.list(this.#state)
    assert.ok(listed.length > 0)
    for (const kept of listed) {
      const expected = this.#expected.get(kept.takenAtMs)
      const pages = this.#readable(kept)
      const restored = { ...this.#state, topic: `${this.#state.topic}-${kept.takenAtMs}` }
      const outcome = await this.#subject.states
        .replace(restored, EMPTY_META.version, pages)
        .catch(() => 'lost')
      if (outcome === 'replaced') assert.deepEqual(await this.#parts(restored), expected)
      else assert.equal(this.#hasLostObjects, true)
      await this.#subject.lose(restored)
    }
    // Whatever was lost, the last run has left one that can be restored.
    assert.equal(await this.#restore(), 'load-again')
  }

  #hasLostObjects = false

  #readable(kept: KeptCheckpoint): CheckpointPages {
    return this.#checkpoints.read(this.#state, kept)
  }

  #recovery(killed: string | undefined, meanwhile: Changed[]): Recovery {
    const { states } = this.#subject
    const checkpoints: CheckpointStore = {
      list: state => this.#checkpoints.list(state),
      read: (state, kept) => this.#checkpoints.read(state, kept),
      write: async (state, taken, pages) => {
        const written = await this.#checkpoints.write(state, taken, this.#disturbed(pages, meanwhile, killed))
        const expected = this.#at.get(JSON.stringify(written.kept.version))
        assert.ok(expected, 'of a version that the state never had')
        this.#expected.set(taken.takenAtMs, expected)
        return written
      },
      remove: async (state, kept) => {
        await this.#checkpoints.remove(state, kept)
        if (killed === 'removing') throw new Killed()
      },
    }
    return {
      checkpoints,
      states: {
        take: state => states.take(state),
        tracked: state => states.tracked(state),
        replace: (state, base, pages) => states.replace(state, base, pages),
        read: (state, tracked, scope) => {
          const reading = states.read(state, tracked, scope)
          return {
            pages: reading.pages,
            stored: async takenAtMs => {
              if (killed === 'stored') throw new Killed()
              await reading.stored(takenAtMs)
            },
          }
        },
      },
    }
  }

  async *#disturbed(
    pages: CheckpointPages,
    meanwhile: Changed[],
    killed: string | undefined,
  ): AsyncGenerator<readonly CheckpointPart[]> {
    for await (const page of pages) {
      const next = meanwhile.shift()
      if (next) await this.#commit(next)
      yield page
      if (killed === 'reading') throw new Killed()
    }
  }

  async #commit(changed: Changed): Promise<void> {
    this.#count += 1
    const { store } = this.#subject
    const { version, clock, outbox } = await store.load(this.#state, NOTHING_WANTED)
    const appliedOffset = version.appliedOffset + 1
    const nowMs = clock.nowMs + changed.advanceMs
    const timer = (id: string) => ({ name: 'n', dueMs: 1, thresholdMs: nowMs + 10, id, trace: {} })
    const text = String(this.#count)
    const made: Partial<Change> = {
      base: version,
      appliedOffset,
      clock: { nowMs, lastAppendMs: appliedOffset, highestAppendMs: appliedOffset },
      states: new Map([
        ...changed.set.map(one => [one, `{"count":${text}}`] as const),
        ...changed.gone.map(one => [one, null] as const),
      ]),
      timers: new Map([
        ...changed.timed.map((one): [string, StoredTimer[]] => [one, [timer(text)]]),
        ...changed.untimed.map((one): [string, StoredTimer[]] => [one, []]),
      ]),
      ids: Array.from({ length: changed.ids }, (_, number) => ({
        id: `${text}-${number}`.padStart(12, '0'),
        digest: '12345678',
        appliedAtMs: nowMs,
      })),
      failures: changed.fails ? [failureOf(text, nowMs, this.#count % 3)] : [],
      outbox: changed.emits
        ? [
            {
              position: text.padStart(6, '0'),
              to: 'events',
              key: 'k',
              event: { id: text, source: '/s', type: 't' },
            },
          ]
        : [],
      tally: new Map([['applied/counted', 1]]),
      failureWindowMs: 2 * 3_600_000,
      ...(changed.context ? { context: { hash: text, json: text } } : {}),
    }
    assert.equal(await store.commit(this.#state, changeOf(made)), 'committed')
    if (changed.trims)
      await store.trimOutbox(
        this.#state,
        outbox.map(({ position }) => position),
      )
    await this.#note()
  }

  async #note(): Promise<void> {
    const { version } = await this.#subject.store.load(this.#state, NOTHING_WANTED)
    this.#at.set(JSON.stringify(version), await this.#parts(this.#state))
  }

  /** Without the epoch, which a restored state has of its own; and each id once: one that came while all were read may be there twice. */
  async #parts(state: StateKey): Promise<readonly CheckpointPart[]> {
    const taken = await this.#subject.states.take(state)
    assert.ok(taken)
    const ids = new Set<string>()
    return (await partsIn(taken.pages)).flatMap((part): CheckpointPart[] => {
      if (part.kind === 'meta')
        return [{ ...part, meta: { ...part.meta, version: { ...part.meta.version, epoch: 0 } } }]
      if (part.kind !== 'id') return [part]
      const isNew = !ids.has(part.id.id)
      ids.add(part.id.id)
      return isNew ? [part] : []
    })
  }

  async #restore(): Promise<string> {
    await this.#subject.lose(this.#state)
    const recovery = { checkpoints: this.#checkpoints, states: this.#subject.states }
    return restore(recovery, this.#state, new RecordingObserver())
  }

  /** Simulates a total loss of Redis: the restored state is one that a checkpoint was taken of. */
  async #loseState(): Promise<void> {
    if ((await this.#checkpoints.list(this.#state)).length === 0) return
    await this.#restore()
    await this.#note()
    this.#lagging = undefined
  }

  async #replace(): Promise<void> {
    const { states, store } = this.#subject
    const { version } = await store.load(this.#state, NOTHING_WANTED)
    const taken = await states.take(this.#state)
    assert.ok(taken)
    assert.equal(await states.replace(this.#state, version, taken.pages), 'replaced')
    await this.#note()
    this.#lagging = undefined
  }

  async #loseObject(): Promise<void> {
    const listed = await this.#checkpoints.list(this.#state)
    const one = listed[this.#count % listed.length]
    if (!one) return
    this.#hasLostObjects = true
    await this.#checkpoints.remove(this.#state, one)
  }
}
