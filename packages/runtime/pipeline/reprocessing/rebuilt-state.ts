/**
 * A rebuilt state in memory. It is computed by applying the log up to an offset, and completed with some contents of the live state. Its
 * emissions are dropped, because the live consumer has emitted them already. Only new failures stay in its outbox until the switch.
 */
import { type Application, requireTopicSettings } from '../../consumer/application.ts'
import { adaptToTopic } from '../consumer.ts'
import { CopyStopped, PartitionStopped } from '../errors.ts'
import type { RememberedFailure } from '../model/failure-memory.ts'
import type { LogClock, OffsetRange } from '../model/log.ts'
import { type OutboxEntry, type StateKey, sameVersion } from '../model/partition-state.ts'
import type { Change, LoadSelection, Snapshot } from '../model/snapshot.ts'
import { idsInBytes } from '../replacing/id-bytes.ts'
import type { ReplaceableStates } from '../replacing/replaceable-states.ts'
import type { StatePages, StatePart } from '../replacing/state-parts.ts'
import { LogReplay, type MemoryStates, type Rereading } from './log-replay.ts'
import { collectFailures, selectNewFailures } from './new-failures.ts'

export interface Advancing extends Rereading {
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
const DAY_MS = 24 * 60 * 60_000

export class RebuiltState {
  readonly #with: Advancing
  readonly #partitionState: StateKey
  readonly #store: MemoryStates
  readonly #again: LogReplay
  /** New failures that the last load has returned. */
  #outbox: readonly OutboxEntry[] = []
  /** Failures that the live state remembers; undefined if they must be loaded again. */
  #liveFailures: ReadonlyMap<string, RememberedFailure> | undefined
  /** Size of the contents when they were last measured, and of all changes since, in bytes. */
  #measured = 0
  #changed = 0

  private constructor(advancing: Advancing, partitionState: StateKey) {
    this.#with = advancing
    this.#partitionState = partitionState
    const store = advancing.memory()
    this.#store = store
    this.#again = new LogReplay(advancing, partitionState, {
      load: async (stateKey, wanted) => {
        const snapshot = await store.load(stateKey, wanted)
        this.#outbox = snapshot.outbox
        return { ...snapshot, outbox: [] }
      },
      commit: async (stateKey, change) => {
        const outbox = await this.#findNewFailures(change)
        return this.#commit(stateKey, { ...change, outbox })
      },
      trimOutbox: async () => {},
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

  async appliedOffset(): Promise<number> {
    return (await this.#loadNothing()).version.appliedOffset
  }

  async clock(): Promise<LogClock> {
    return (await this.#loadNothing()).clock
  }

  /**
   * Applies the log up to and including this offset. The log must have a record at the offset.
   *
   * @throws CopyStopped, `Unavailable` or `PartitionStopped` if the state cannot be advanced
   */
  async advanceTo(toOffset: number): Promise<void> {
    const { onRead, onExpired } = this.#with
    this.#liveFailures = undefined
    const range = { fromOffset: (await this.appliedOffset()) + 1, toOffset }
    await this.#again.decide(range, ({ records, logStart }, fromOffset) => {
      if (logStart > fromOffset) onExpired(this.#partitionState, { fromOffset, toOffset: logStart - 1 })
      onRead(records.length)
    })
    await this.#requireAt(toOffset)
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
    const snapshot = await this.#loadNothing()
    const { version, emitted, parkedBytes, newEntities } = snapshot
    const { clock, appliedDigest, failureMemory, failuresFromMs, origin } = snapshot
    await this.#commit(this.#partitionState, {
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
    })
  }

  /** Returns the new failures, see `new-failures.ts`. */
  async newFailures(): Promise<readonly OutboxEntry[]> {
    const { outbox } = await this.#loadNothing()
    return outbox.filter(({ event }) => event.type === this.#with.consumer.application.failureEvent.type)
  }

  async remove(positions: readonly string[]): Promise<void> {
    await this.#store.trimOutbox(this.#partitionState, positions)
  }

  async states(): Promise<ReadonlyMap<string, string>> {
    const found = new Map<string, string>()
    for await (const part of this.#parts()) if (part.kind === 'state') found.set(part.entity, part.state)
    return found
  }

  async failures(): Promise<readonly RememberedFailure[]> {
    const found: RememberedFailure[] = []
    for await (const part of this.#parts()) if (part.kind === 'failure') found.push(part.failure)
    return found
  }

  async ids(): Promise<ReadonlySet<string>> {
    const found = new Set<string>()
    for await (const part of this.#parts())
      if (part.kind === 'ids') for (const { id } of idsInBytes(part.bytes)) found.add(id)
    return found
  }

  /** Yields the whole contents. */
  pages(): StatePages {
    return this.#store.pages(this.#partitionState)
  }

  async *#parts(): AsyncGenerator<StatePart> {
    for await (const page of this.pages()) yield* page
  }

  async #commit(stateKey: StateKey, change: Change): Promise<'committed' | 'refused'> {
    const reply = await this.#store.commit(stateKey, change)
    this.#changed += measureChange(change)
    const { stateBytes = STATE_BYTES } = this.#with
    if (this.#measured + this.#changed > stateBytes) await this.#requireSize()
    return reply
  }

  /** Measures the contents, because changes also replace and remove contents. @throws CopyStopped if they are too large */
  async #requireSize(): Promise<void> {
    const { stateBytes = STATE_BYTES } = this.#with
    this.#measured = 0
    this.#changed = 0
    for await (const part of this.#parts()) this.#measured += measurePart(part)
    if (this.#measured > stateBytes)
      throw new CopyStopped(
        'too-large',
        `${this.#name} has more than ${Math.floor(stateBytes / 1024 ** 2)} MiB, which is the most that is computed in memory`,
      )
  }

  async #loadNothing(): Promise<Snapshot> {
    return this.#store.load(this.#partitionState, NOTHING_WANTED)
  }

  /** Returns the new failures of a change. @throws CopyStopped if there are too many new failures */
  async #findNewFailures(change: Change): Promise<readonly OutboxEntry[]> {
    if (change.failures.length === 0) return []
    const { live, consumer, failureBytes = FAILURE_BYTES } = this.#with
    this.#liveFailures ??= await collectFailures(live.failures(this.#partitionState))
    const found = selectNewFailures(consumer, this.#partitionState, change, this.#liveFailures)
    if (found.length === 0) return []
    if (measureEntries(this.#outbox) + measureEntries(found) <= failureBytes) return found
    throw new CopyStopped(
      'failing',
      `the deployed code fails for at least ${this.#outbox.length + found.length} records that the live state has applied, which is more than a switch may publish: correct the code first`,
    )
  }

  get #name(): string {
    const { consumer, topic, partition } = this.#partitionState
    return `the rebuilt state of ${consumer} for ${topic}/${partition}`
  }

  async #requireAt(toOffset: number): Promise<void> {
    const { version } = await this.#loadNothing()
    if (sameVersion(version, { epoch: version.epoch, appliedOffset: toOffset, fired: 0 })) return
    throw new PartitionStopped(
      'another-log',
      `${this.#name} is at offset ${version.appliedOffset} after the log was read up to ${toOffset}: check whether the log still has that record`,
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

const NOTHING_WANTED: LoadSelection = {
  entities: [],
  ids: [],
  failures: [],
  idWindowMs: 0,
  span: { firstAppendMs: 0, advanceMs: 0 },
  timerLimit: 1,
  byteLimit: 1,
}
