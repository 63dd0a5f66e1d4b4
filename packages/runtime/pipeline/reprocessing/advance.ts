/**
 * Applies the log to a rebuilt state, up to an offset. What it emits is dropped: it was emitted before, apart from failures
 * that are new, which the rebuilt state keeps in its outbox until the switch.
 */
import { CopyStopped, PartitionStopped } from '../errors.ts'
import type { Generations } from '../generations/generations.ts'
import type { Change, OffsetRange, OutboxEntry, RememberedFailure, StateKey } from '../model.ts'
import { sameVersion } from '../recovery/checkpoints.ts'
import { LogAgain, type Rereading } from './log-again.ts'
import { failuresById, newFailures } from './new-failures.ts'

export interface Advancing extends Rereading {
  readonly copies: Generations
  /** Called after each read of the rebuilt state, with the number of records. */
  readonly decided: (count: number) => void
  /** Upper bound for the new failures of a partition as they are stored, in bytes; 4 MiB by default. */
  readonly failureBytes?: number
  /** Offsets that the log no longer has. */
  readonly expired: (partitionState: StateKey, range: OffsetRange) => void
}

const FAILURE_BYTES = 4 * 1024 * 1024

/** A rebuilt state that is advanced from time to time, by this command alone. */
export class AdvancingCopy {
  readonly #with: Advancing
  readonly #partitionState: StateKey
  readonly #again: LogAgain
  readonly #epoch: number
  /** The new failures as of the last load. */
  #outbox: readonly OutboxEntry[] = []
  /** What the live state remembers; undefined if it must be read again. */
  #liveFailures: ReadonlyMap<string, RememberedFailure> | undefined

  /** @param epoch that the state has as long as it is this command's */
  constructor(advancing: Advancing, partitionState: StateKey, epoch: number) {
    this.#with = advancing
    this.#partitionState = partitionState
    this.#epoch = epoch
    const store = advancing.copies.store()
    this.#again = new LogAgain(advancing, partitionState, {
      load: async (stateKey, wanted) => {
        const snapshot = await store.load(stateKey, wanted)
        this.#requireOwn(snapshot.version.epoch)
        this.#outbox = snapshot.outbox
        return { ...snapshot, outbox: [] }
      },
      commit: async (stateKey, change) => {
        const outbox = await this.#newFailures(change)
        return store.commit(stateKey, { ...change, outbox } satisfies Change)
      },
      trimOutbox: async () => {},
    })
  }

  /**
   * Reads the log up to this offset, which has a record, and decides it.
   *
   * @throws CopyStopped, `Unavailable`, `PartitionStopped`
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

  /** @throws CopyStopped if there are too many */
  async #newFailures(change: Change): Promise<readonly OutboxEntry[]> {
    if (change.failures.length === 0) return []
    const { copies, consumer, failureBytes = FAILURE_BYTES } = this.#with
    this.#liveFailures ??= await failuresById(copies, this.#partitionState)
    const found = newFailures(consumer, this.#partitionState, change, this.#liveFailures)
    if (found.length === 0) return []
    if (bytesOf(this.#outbox) + bytesOf(found) <= failureBytes) return found
    throw new CopyStopped(
      'failing',
      `the deployed code fails ${this.#outbox.length + found.length} records or more that the live state has applied, which is more than a switch may tell: mend the code first`,
    )
  }

  get #name(): string {
    const { consumer, topic, partition } = this.#partitionState
    return `the rebuilt state of ${consumer} for ${topic}/${partition}`
  }

  /** Another command that works on the state gives it another epoch; one that has switched or given up has removed it. */
  #requireOwn(epoch: number): void {
    if (this.#epoch !== epoch)
      throw new CopyStopped('overtaken', `another command has replaced or removed ${this.#name}`)
  }

  async #requireAt(toOffset: number): Promise<void> {
    const { version } = await this.#with.copies.facts(this.#partitionState, 'next')
    if (sameVersion(version, { epoch: version.epoch, appliedOffset: toOffset, fired: 0 })) return
    throw new PartitionStopped(
      'another-log',
      `${this.#name} is at offset ${version.appliedOffset} after the log was read up to ${toOffset}: does the log still have it?`,
    )
  }
}

function bytesOf(entries: readonly OutboxEntry[]): number {
  return entries.reduce((sum, entry) => sum + JSON.stringify(entry).length, 0)
}
