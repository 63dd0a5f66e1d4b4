/**
 * A rebuilt state. It is computed by applying the log up to an offset, and completed with some contents of the live state. Its
 * emissions are dropped, because the live consumer has emitted them already. Only new failures stay in its outbox until the switch.
 */
import { type Application, topicOf } from '../../consumer/application.ts'
import { CopyStopped, PartitionStopped } from '../errors.ts'
import { failureBytesOf } from '../failures/failure-memory.ts'
import type { Generations } from '../generations/generations.ts'
import type {
  Change,
  LoadSelection,
  OffsetRange,
  OutboxEntry,
  RememberedFailure,
  Snapshot,
  StateKey,
} from '../model.ts'
import type { StateStore } from '../ports.ts'
import { sameVersion } from '../recovery/checkpoints.ts'
import { LogAgain, type Rereading } from './log-again.ts'
import { failuresById, newFailures } from './new-failures.ts'

export interface Advancing extends Rereading {
  readonly copies: Generations
  /** Identifies the running code, see `codeOf`. The last commit of the live state must have been made by the same code. */
  readonly code: string
  /** Called after each read of the log, with the number of records. */
  readonly decided: (count: number) => void
  /** Upper bound for the size of a partition's new failures in the store, in bytes; 4 MiB by default. */
  readonly failureBytes?: number
  /** Called with offsets that the log no longer has. */
  readonly expired: (partitionState: StateKey, range: OffsetRange) => void
}

export type Addition = Partial<Pick<Change, 'states' | 'outbox' | 'ids' | 'failures'>>

const FAILURE_BYTES = 4 * 1024 * 1024
const DAY_MS = 24 * 60 * 60_000

/** A rebuilt state. It belongs to a command as long as it has the epoch that the command has claimed. */
export class RebuiltState {
  readonly #with: Advancing
  readonly #partitionState: StateKey
  readonly #epoch: number
  readonly #store: StateStore
  readonly #again: LogAgain
  /** New failures that the last load has returned. */
  #outbox: readonly OutboxEntry[] = []
  /** Failures that the live state remembers; undefined if they must be loaded again. */
  #liveFailures: ReadonlyMap<string, RememberedFailure> | undefined

  constructor(advancing: Advancing, partitionState: StateKey, epoch: number) {
    this.#with = advancing
    this.#partitionState = partitionState
    this.#epoch = epoch
    const store = advancing.copies.store()
    this.#store = store
    this.#again = new LogAgain(advancing, partitionState, {
      load: async (stateKey, wanted) => {
        const snapshot = await store.load(stateKey, wanted)
        this.#requireOwn(snapshot.version.epoch)
        this.#outbox = snapshot.outbox
        return { ...snapshot, outbox: [] }
      },
      commit: async (stateKey, change) => {
        const outbox = await this.#newFailuresOf(change)
        return store.commit(stateKey, { ...change, outbox } satisfies Change)
      },
      trimOutbox: async () => {},
    })
  }

  /**
   * Applies the log up to and including this offset. The log must have a record at the offset.
   *
   * @throws CopyStopped, `Unavailable` or `PartitionStopped` if the state cannot be advanced
   */
  async to(toOffset: number): Promise<void> {
    const { copies, decided, expired } = this.#with
    const { version } = await copies.facts(this.#partitionState, 'next')
    this.#requireOwn(version.epoch)
    this.#liveFailures = undefined
    const range = { fromOffset: version.appliedOffset + 1, toOffset }
    await this.#again.decide(range, ({ records, logStart }, fromOffset) => {
      if (logStart > fromOffset) expired(this.#partitionState, { fromOffset, toOffset: logStart - 1 })
      decided(records.length)
    })
    await this.#requireAt(toOffset)
  }

  /**
   * Adds contents to the state without changing the applied offset.
   *
   * @throws CopyStopped if another command works on the same state
   */
  async add({ states = new Map(), outbox = [], ids = [], failures = [] }: Addition): Promise<void> {
    const { consumer, code } = this.#with
    const { application, idWindowMs, failureBytes } = consumer
    const snapshot = await this.#nothing()
    const { version, emitted, parkedBytes, newEntities } = snapshot
    const { clock, appliedDigest, failureMemory, failuresFromMs, origin } = snapshot
    const change: Change = {
      base: version,
      ...version,
      emitted,
      parkedBytes,
      ...(newEntities ? { newEntities } : {}),
      ...(origin ? { origin } : {}),
      clock,
      appliedDigest,
      states,
      timers: new Map(),
      ids,
      failures,
      outbox,
      tally: new Map(),
      idWindowMs,
      failureWindowMs: failureWindowMs(application),
      failureBytes: failureBytesOf(application, failureBytes, this.#partitionState.topic),
      // These forgotten failures were already reported for the live state.
      forgottenTold: failureMemory.forgotten,
      failuresFromMs,
      code,
    }
    if ((await this.#store.commit(this.#partitionState, change)) === 'refused')
      throw new CopyStopped('overtaken', 'another command works on the same rebuilt state')
  }

  /** Removes the events that an earlier attempt at the switch has added to the outbox. New failures stay. */
  async emptyOutbox(): Promise<void> {
    const { outbox } = await this.#nothing()
    await this.remove(outbox.filter(entry => !this.#isFailure(entry)).map(({ position }) => position))
  }

  /** Returns the new failures, see `new-failures.ts`. */
  async newFailures(): Promise<readonly OutboxEntry[]> {
    const { outbox } = await this.#nothing()
    return outbox.filter(entry => this.#isFailure(entry))
  }

  async remove(positions: readonly string[]): Promise<void> {
    await this.#store.trimOutbox(this.#partitionState, positions)
  }

  #isFailure({ event }: OutboxEntry): boolean {
    return event.type === this.#with.consumer.application.failureEvent.type
  }

  async #nothing(): Promise<Snapshot> {
    const snapshot = await this.#store.load(this.#partitionState, NOTHING_WANTED)
    this.#requireOwn(snapshot.version.epoch)
    return snapshot
  }

  /** Returns the new failures of a change. @throws CopyStopped if there are too many new failures */
  async #newFailuresOf(change: Change): Promise<readonly OutboxEntry[]> {
    if (change.failures.length === 0) return []
    const { copies, consumer, failureBytes = FAILURE_BYTES } = this.#with
    this.#liveFailures ??= await failuresById(copies, this.#partitionState)
    const found = newFailures(consumer, this.#partitionState, change, this.#liveFailures)
    if (found.length === 0) return []
    if (bytesOf(this.#outbox) + bytesOf(found) <= failureBytes) return found
    throw new CopyStopped(
      'failing',
      `the deployed code fails for at least ${this.#outbox.length + found.length} records that the live state has applied, which is more than a switch may publish: correct the code first`,
    )
  }

  get #name(): string {
    const { consumer, topic, partition } = this.#partitionState
    return `the rebuilt state of ${consumer} for ${topic}/${partition}`
  }

  /**
   * Checks that the state still belongs to this command. If another command has claimed the state, its epoch differs. If this
   * command was cancelled or has made the switch, the state does not exist.
   */
  #requireOwn(epoch: number): void {
    if (this.#epoch !== epoch)
      throw new CopyStopped('overtaken', `another command has replaced or removed ${this.#name}`)
  }

  async #requireAt(toOffset: number): Promise<void> {
    const { version } = await this.#with.copies.facts(this.#partitionState, 'next')
    if (sameVersion(version, { epoch: version.epoch, appliedOffset: toOffset, fired: 0 })) return
    throw new PartitionStopped(
      'another-log',
      `${this.#name} is at offset ${version.appliedOffset} after the log was read up to ${toOffset}: check whether the log still has that record`,
    )
  }
}

function bytesOf(entries: readonly OutboxEntry[]): number {
  return entries.reduce((sum, entry) => sum + JSON.stringify(entry).length, 0)
}

/**
 * Returns the period for which failures are remembered, in milliseconds of the log's clock. It equals the retention of dead
 * letters.
 */
export function failureWindowMs(application: Application): number {
  return topicOf(application, application.deadLettersTopic).keptDays * DAY_MS
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
