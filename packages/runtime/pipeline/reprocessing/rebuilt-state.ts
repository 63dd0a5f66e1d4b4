/**
 * A rebuilt state. It is computed by applying the log up to an offset, and completed with some contents of the live state. Its
 * emissions are dropped, because the live consumer has emitted them already. Only new failures stay in its outbox until the switch.
 */

import { CopyStopped, PartitionStopped } from '../errors.ts'
import { mustHold } from '../invariants.ts'
import type { RememberedFailure } from '../model/failure-memory.ts'
import type { OffsetRange } from '../model/log.ts'
import type { OutboxEntry, StateKey } from '../model/partition-state.ts'
import type { Change, Snapshot } from '../model/snapshot.ts'
import type { StateStore } from '../ports.ts'
import type { Rebuild, Rebuilds, StateContents } from '../replacing/replaceable-states.ts'
import { Replay, type Replaying } from '../replay.ts'
import { type Addition, addContents } from './add-contents.ts'
import { collectFailures, selectNewFailures } from './new-failures.ts'
import { seedState } from './seed.ts'

export interface Advancing extends Replaying {
  readonly live: StateContents
  readonly rebuilds: Rebuilds
  /** Called after each read of the log, with the number of records. */
  readonly onRead: (count: number) => void
  /** Upper bound for the size of a partition's new failures in the store, in bytes; 4 MiB by default. */
  readonly failureBytes?: number
  /** Called with offsets that the log no longer has. */
  readonly onExpired: (stateKey: StateKey, range: OffsetRange) => void
  /** Waits, so that the live consumer has its turn at the store. */
  readonly pause: (ms: number) => Promise<void>
  readonly nowMs: () => number
}

const FAILURE_BYTES = 4 * 1024 * 1024

/** Largest share of the time in which a rebuild uses the store. The commits of the live consumer wait for its scripts. */
const STORE_SHARE = 0.2

export class RebuiltState {
  /** Number of this run, see `Fence`. */
  readonly run: number
  readonly #with: Advancing
  readonly #stateKey: StateKey
  readonly #store: StateStore
  readonly #replay: Replay
  #isSealed = false
  /** Failures that the live state remembers; undefined if they must be loaded again. */
  #liveFailures: ReadonlyMap<string, RememberedFailure> | undefined

  private constructor(advancing: Advancing, stateKey: StateKey, run: number) {
    this.run = run
    this.#with = advancing
    this.#stateKey = stateKey
    this.#store = this.#createOwnStore(advancing)
    this.#replay = new Replay(advancing, stateKey, this.#store, {
      beforeCommit: async change => ({ ...change, outbox: await this.#findNewFailures(change) }),
    })
  }

  /** Continues the unfinished rebuild if it is the same, or begins one. @throws CopyStopped if a later run has begun */
  static async begin(advancing: Advancing, stateKey: StateKey, rebuild: Rebuild): Promise<RebuiltState> {
    const { rebuilds, live, consumer, nowMs } = advancing
    const { run, continues } = await rebuilds.begin(stateKey, rebuild, nowMs())
    const rebuilt = new RebuiltState(advancing, stateKey, run)
    if (continues) return rebuilt
    await seedState(rebuilt.#store, live, stateKey, rebuild.startOffset, consumer)
    await rebuilds.describe(stateKey, rebuild, run)
    return rebuilt
  }

  /** Contents of the rebuilt states. */
  get contents(): StateContents {
    return this.#with.rebuilds.states
  }

  /** Returns the position, the clock and the outbox of the state. */
  facts(): Promise<Snapshot> {
    return this.#replay.load()
  }

  /** Returns the stored states of entities. */
  async loadStates(entities: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const found = new Map<string, string>()
    for (let rest = entities; rest.length > 0; ) {
      const { states, notLoaded } = await this.#replay.load({ entities: rest })
      for (const [entity, stored] of states) found.set(entity, stored)
      rest = [...notLoaded]
    }
    return found
  }

  /**
   * Applies the log up to and including this offset. The log must have a record at the offset.
   *
   * @throws CopyStopped, `Unavailable` or `PartitionStopped` if the state cannot be advanced
   */
  async advanceTo(toOffset: number): Promise<void> {
    const { onRead, onExpired } = this.#with
    mustHold(!this.#isSealed, 'sealed-stays', () => `it is advanced to offset ${toOffset}`)
    this.#liveFailures = undefined
    await this.#replay.advanceTo(toOffset, ({ records, logStart }, fromOffset) => {
      if (logStart > fromOffset) onExpired(this.#stateKey, { fromOffset, toOffset: logStart - 1 })
      onRead(records.length)
    })
  }

  /** Marks that contents of the live state are being added, so that no later run continues it. */
  seal(rebuild: Rebuild): Promise<void> {
    this.#isSealed = true
    return this.#with.rebuilds.describe(this.#stateKey, { ...rebuild, isSealed: true }, this.run)
  }

  /** Adds contents to the state without changing the applied offset. @throws CopyStopped if another run works on it */
  add(addition: Addition): Promise<void> {
    return addContents(this.#store, this.#with.consumer, this.#stateKey, addition)
  }

  /** Returns the new failures, see `new-failures.ts`. */
  async newFailures(): Promise<readonly OutboxEntry[]> {
    const { outbox } = await this.facts()
    return outbox.filter(({ event }) => event.type === this.#with.consumer.application.failureEvent.type)
  }

  async remove(positions: readonly string[]): Promise<void> {
    await this.#store.trimOutbox(this.#stateKey, positions)
  }

  /**
   * Returns the store of the rebuilds for this run alone: it ends if another run works on a rebuild, or if the server has lost it. Until
   * the live state is fenced, it pauses after each commit, so that it uses only a share of the time of the server.
   */
  #createOwnStore({ rebuilds, pause, nowMs }: Advancing): StateStore {
    const { states } = rebuilds
    let busyMs = 0
    let sinceMs = nowMs()
    const use = async <T>(work: Promise<T>): Promise<T> => {
      const beganMs = nowMs()
      const result = await work.catch(error => {
        throw error instanceof PartitionStopped && error.code === 'state-evicted' ? createLostError() : error
      })
      busyMs += nowMs() - beganMs
      return result
    }
    return {
      load: async (stateKey, wanted) => {
        const snapshot = await use(states.load(stateKey, wanted))
        if (snapshot.version.epoch === this.run) return snapshot
        throw createLostError()
      },
      commit: async (stateKey, change) => {
        const outcome = await use(states.commit(stateKey, change))
        if (this.#isSealed) return outcome
        const waitMs = busyMs / STORE_SHARE - (nowMs() - sinceMs)
        if (waitMs > 0) await pause(waitMs)
        ;[busyMs, sinceMs] = [0, nowMs()]
        return outcome
      },
      trimOutbox: (stateKey, positions) => states.trimOutbox(stateKey, positions),
    }
  }

  /** Returns the new failures of a change. @throws CopyStopped if there are too many new failures */
  async #findNewFailures(change: Change): Promise<readonly OutboxEntry[]> {
    if (change.failures.length === 0) return []
    const { live, consumer, failureBytes = FAILURE_BYTES } = this.#with
    this.#liveFailures ??= await collectFailures(live.failures(this.#stateKey))
    const found = selectNewFailures(consumer, this.#stateKey, change, this.#liveFailures)
    if (found.length === 0) return []
    const { outbox } = await this.facts()
    if (measureEntries(outbox) + measureEntries(found) <= failureBytes) return found
    throw new CopyStopped(
      'failing',
      `the deployed code fails for at least ${outbox.length + found.length} records that the live state has applied, which is more than a switch may publish: correct the code first`,
    )
  }
}

function createLostError(): CopyStopped {
  return new CopyStopped(
    'overtaken',
    'another command has begun to compute it, or the server has lost a part of it',
  )
}

function measureEntries(entries: readonly OutboxEntry[]): number {
  return entries.reduce((sum, entry) => sum + JSON.stringify(entry).length, 0)
}
