/** Entries of the outbox that a chunk emits, and the size of its commit. */
import type { OutboxEntry } from '../model/partition-state.ts'
import type { Snapshot } from '../model/snapshot.ts'
import { type EmissionPosition, redrivenOrigin } from '../outbox/position.ts'

export class EmittedEntries {
  readonly all: OutboxEntry[] = []
  /** Number of emissions at the offset of the present record, including those that were left out. */
  count: number
  readonly #origin: string | undefined
  readonly #size: CommitSize
  /** Number of entries that are already assigned to a decision. */
  #assigned = 0

  constructor({ emitted, origin }: Snapshot, size: CommitSize) {
    this.count = emitted
    this.#origin = origin
    this.#size = size
  }

  /**
   * Returns the position of the next emission while the record at this offset is decided.
   *
   * @param original topic of another application in which the record failed, if it is redriven
   */
  placeAt(offset: number, original?: string): EmissionPosition {
    const origin = original && this.#origin ? redrivenOrigin(this.#origin, original) : this.#origin
    return { offset, index: this.count, origin }
  }

  /** @param bytes approximate size of the entries */
  send(entries: readonly OutboxEntry[], bytes: number): void {
    this.all.push(...entries)
    this.count += entries.length
    this.#size.emittedBytes += bytes
  }

  /** Leaves out an emission that was published before, so that later emissions keep their sequences. */
  skip(): void {
    this.count += 1
  }

  /** Returns the entries that were emitted since the last call. */
  takeNew(): readonly OutboxEntry[] {
    const taken = this.all.slice(this.#assigned)
    this.#assigned = this.all.length
    return taken
  }
}

/** Size of a commit so far. The next decision goes into another commit once a limit is reached. */
export class CommitSize {
  /** Approximate bytes emitted so far. */
  emittedBytes = 0
  /** Approximate bytes of the states, timers and parked records. */
  storedBytes = 0
  /** Number of timers that may still fire in this commit. */
  timersLeft: number
  readonly #bytes: number

  constructor({ bytes, timers }: { readonly bytes: number; readonly timers: number }) {
    this.#bytes = bytes
    this.timersLeft = timers
  }

  get isFull(): boolean {
    return this.emittedBytes + this.storedBytes >= this.#bytes
  }

  /** True if the next timer must fire in the next commit. */
  get isFullOfTimers(): boolean {
    return this.timersLeft <= 0 || this.isFull
  }
}
