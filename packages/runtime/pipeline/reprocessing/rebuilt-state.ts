/**
 * A rebuilt state in memory. It is computed by applying the log up to an offset, and completed with some contents of the live state. Its
 * emissions are dropped, because the live consumer has emitted them already. Only new failures stay in its outbox until the switch.
 */

import { type Application, requireTopicSettings } from '../../consumer/application.ts'
import { DAY_MS } from '../../consumer/durations.ts'
import { adaptToTopic } from '../consumer.ts'
import { CopyStopped } from '../errors.ts'
import type { RememberedFailure } from '../model/failure-memory.ts'
import type { OffsetRange } from '../model/log.ts'
import type { OutboxEntry, StateKey } from '../model/partition-state.ts'
import type { Change, Snapshot } from '../model/snapshot.ts'
import type { ReplaceableStates } from '../replacing/replaceable-states.ts'
import type { StatePages, StatePart } from '../replacing/state-parts.ts'
import { type Contents, type MemoryStates, Replay, type Replaying } from '../replay.ts'
import { collectFailures, selectNewFailures } from './new-failures.ts'

export interface Advancing extends Replaying {
  readonly live: ReplaceableStates
  /** Returns an empty store for a rebuilt state. */
  readonly memory: () => MemoryStates
  /** Identifies the running code, see `computeCode`. The last commit of the live state must have been made by the same code. */
  readonly code: string
  /** Called after each read of the log, with the number of records. */
  readonly onRead: (count: number) => void
  /** Upper bound for the size of a partition's new failures in the store, in bytes; 4 MiB by default. */
  readonly failureBytes?: number
  /** Upper bound for the contents of a rebuilt state, in bytes; 1 GiB by default. */
  readonly stateBytes?: number
  /** Called with offsets that the log no longer has. */
  readonly onExpired: (partitionState: StateKey, range: OffsetRange) => void
}

/** Contents to add. `measureParkedRecord`, `held` (entities) and `parked` (events) are differences of the state's numbers. */
export type Addition = Partial<
  Pick<Change, 'states' | 'timers' | 'outbox' | 'ids' | 'failures' | 'parkedBytes'>
> & {
  readonly held?: number
  readonly parked?: number
}

/** Upper bound for the contents of a rebuilt state, in bytes. Larger ones could exhaust the memory of the command. */
export const STATE_BYTES = 1024 ** 3

const FAILURE_BYTES = 4 * 1024 * 1024

export class RebuiltState {
  readonly #with: Advancing
  readonly #partitionState: StateKey
  readonly #store: MemoryStates
  readonly #replay: Replay
  /** Failures that the live state remembers; undefined if they must be loaded again. */
  #liveFailures: ReadonlyMap<string, RememberedFailure> | undefined
  /** Size of the contents when they were last measured, and of all changes since, in bytes. */
  #measured = 0
  #changed = 0

  private constructor(advancing: Advancing, partitionState: StateKey) {
    this.#with = advancing
    this.#partitionState = partitionState
    this.#store = advancing.memory()
    this.#replay = new Replay(advancing, partitionState, this.#store, {
      beforeCommit: async change => {
        const copied = { ...change, outbox: await this.#findNewFailures(change) }
        await this.#addSize(copied)
        return copied
      },
    })
  }

  /** Returns a state with these initial contents. @throws CopyStopped if it is too large; errors of the pages */
  static async begin(
    advancing: Advancing,
    partitionState: StateKey,
    pages: StatePages,
  ): Promise<RebuiltState> {
    const rebuilt = new RebuiltState(advancing, partitionState)
    await rebuilt.#store.replace(partitionState, pages)
    await rebuilt.#requireSize()
    return rebuilt
  }

  /** Returns the position, the clock and the outbox of the state. */
  facts(): Promise<Snapshot> {
    return this.#replay.load()
  }

  contents(): Promise<Contents> {
    return this.#replay.contents()
  }

  /**
   * Applies the log up to and including this offset. The log must have a record at the offset.
   *
   * @throws CopyStopped, `Unavailable` or `PartitionStopped` if the state cannot be advanced
   */
  async advanceTo(toOffset: number): Promise<void> {
    const { onRead, onExpired } = this.#with
    this.#liveFailures = undefined
    await this.#replay.advanceTo(toOffset, ({ records, logStart }, fromOffset) => {
      if (logStart > fromOffset) onExpired(this.#partitionState, { fromOffset, toOffset: logStart - 1 })
      onRead(records.length)
    })
  }

  /** Adds contents to the state without changing the applied offset. @throws CopyStopped if the state becomes too large */
  async add(addition: Addition): Promise<void> {
    const {
      states = new Map(),
      timers = new Map(),
      outbox = [],
      ids = [],
      failures = [],
      held = 0,
      parked = 0,
    } = addition
    const { consumer, code } = this.#with
    const { application, idWindowMs, failureBytes } = adaptToTopic(consumer, this.#partitionState.topic)
    const snapshot = await this.facts()
    const { version, emitted, parkedBytes, newEntities } = snapshot
    const { clock, appliedDigest, failureMemory, failuresFromMs, origin } = snapshot
    const change: Change = {
      base: version,
      ...version,
      emitted,
      parkedBytes: parkedBytes + (addition.parkedBytes ?? 0),
      ...(newEntities ? { newEntities } : {}),
      ...(origin ? { origin } : {}),
      clock,
      appliedDigest,
      states,
      timers,
      ids,
      failures,
      outbox,
      tally: new Map([
        ...countDifference('held', 'released', held),
        ...countDifference('parked', 'parked-applied', parked),
      ]),
      idWindowMs,
      failureWindowMs: failureWindowMs(application),
      failureBytes,
      // These forgotten failures were already reported for the live state.
      forgottenTold: failureMemory.forgotten,
      failuresFromMs,
      code,
    }
    await this.#addSize(change)
    await this.#store.commit(this.#partitionState, change)
  }

  /** Returns the new failures, see `new-failures.ts`. */
  async newFailures(): Promise<readonly OutboxEntry[]> {
    const { outbox } = await this.facts()
    return outbox.filter(({ event }) => event.type === this.#with.consumer.application.failureEvent.type)
  }

  async remove(positions: readonly string[]): Promise<void> {
    await this.#store.trimOutbox(this.#partitionState, positions)
  }

  /** Yields the whole contents. */
  pages(): StatePages {
    return this.#store.pages(this.#partitionState)
  }

  /** Counts a change that is about to be committed. @throws CopyStopped if the contents before it are too large */
  async #addSize(change: Change): Promise<void> {
    const { stateBytes = STATE_BYTES } = this.#with
    const bytes = measureChange(change)
    this.#changed += bytes
    if (this.#measured + this.#changed <= stateBytes) return
    await this.#requireSize()
    this.#changed = bytes
  }

  /** Measures the contents, because changes also replace and remove contents. @throws CopyStopped if they are too large */
  async #requireSize(): Promise<void> {
    const { stateBytes = STATE_BYTES } = this.#with
    this.#measured = 0
    for await (const page of this.pages()) for (const part of page) this.#measured += measurePart(part)
    const { consumer, topic, partition } = this.#partitionState
    if (this.#measured > stateBytes)
      throw new CopyStopped(
        'too-large',
        `the rebuilt state of ${consumer} for ${topic}/${partition} has more than ${Math.floor(stateBytes / 1024 ** 2)} MiB, which is the most that is computed in memory`,
      )
  }

  /** Returns the new failures of a change. @throws CopyStopped if there are too many new failures */
  async #findNewFailures(change: Change): Promise<readonly OutboxEntry[]> {
    if (change.failures.length === 0) return []
    const { live, consumer, failureBytes = FAILURE_BYTES } = this.#with
    this.#liveFailures ??= await collectFailures(live.failures(this.#partitionState))
    const found = selectNewFailures(consumer, this.#partitionState, change, this.#liveFailures)
    if (found.length === 0) return []
    const { outbox } = await this.facts()
    if (measureEntries(outbox) + measureEntries(found) <= failureBytes) return found
    throw new CopyStopped(
      'failing',
      `the deployed code fails for at least ${outbox.length + found.length} records that the live state has applied, which is more than a switch may publish: correct the code first`,
    )
  }
}

/** Returns the counter by which the difference between two counters changes by this number. */
function countDifference(more: string, less: string, by: number): [string, number][] {
  return by === 0 ? [] : [[`${by > 0 ? more : less}/left`, Math.abs(by)]]
}

/** Approximate size of a remembered id or failure, in bytes. */
const ID_BYTES = 32
const REMEMBERED_FAILURE_BYTES = 256

function measureChange({ states, timers, ids, failures, outbox }: Change): number {
  let bytes = ids.length * ID_BYTES + failures.length * REMEMBERED_FAILURE_BYTES + measureEntries(outbox)
  for (const [entity, state] of states) bytes += entity.length + (state?.length ?? 0)
  for (const [entity, own] of timers) bytes += entity.length + JSON.stringify(own).length
  return bytes
}

function measurePart(part: StatePart): number {
  switch (part.kind) {
    case 'state':
      return part.entity.length + part.state.length
    case 'ids':
      return part.bytes.length
    case 'failure':
      return REMEMBERED_FAILURE_BYTES
    default:
      return JSON.stringify(part).length
  }
}

function measureEntries(entries: readonly OutboxEntry[]): number {
  return entries.reduce((sum, entry) => sum + JSON.stringify(entry).length, 0)
}

/**
 * Returns the period for which failures are remembered, in milliseconds of the log's clock. It equals the retention of dead
 * letters.
 */
export function failureWindowMs(application: Application): number {
  return requireTopicSettings(application, application.deadLettersTopic).keptDays * DAY_MS
}
