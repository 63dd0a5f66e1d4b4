/** Ids, failures and sequences that a partition state remembers, while a chunk is applied. */

import type { LogRecord } from '../../cloudevents/record.ts'
import type { RecordPlace } from '../../cloudevents/redrive.ts'
import { requireTopicSettings } from '../../consumer/application.ts'
import { DAY_MS } from '../../consumer/durations.ts'
import { type Failure, failure } from '../../consumer/failure-codes.ts'
import type { Consumer } from '../consumer.ts'
import type { RememberedFailure } from '../model/failure-memory.ts'
import type { RememberedId } from '../model/partition-state.ts'
import type { Snapshot } from '../model/snapshot.ts'
import type { SequencedOrigin } from '../outbox/position.ts'

export class RememberedIds {
  readonly #known: Snapshot['known']
  readonly #windowMs: number
  readonly #changes = new Map<string, RememberedId>()

  constructor({ known }: Pick<Snapshot, 'known'>, windowMs: number) {
    this.#known = known
    this.#windowMs = windowMs
  }

  /** Returns the remembered id if it is within the window at this time of the log's clock. */
  find(id: string, nowMs: number): RememberedId | undefined {
    const remembered = this.#changes.get(id) ?? this.#known.get(id)
    if (!remembered || remembered.digest === FORGOTTEN) return undefined
    return nowMs - remembered.appliedAtMs <= this.#windowMs ? remembered : undefined
  }

  remember(id: RememberedId): void {
    this.#changes.set(id.id, id)
  }

  /** Forgets the id of an event that waited and then failed, so that the same event can be applied when it arrives again. */
  forget(id: string, nowMs: number): void {
    this.remember({ id, digest: FORGOTTEN, appliedAtMs: nowMs })
  }

  get changes(): readonly RememberedId[] {
    return [...this.#changes.values()]
  }
}

/**
 * Marks an id as forgotten. A store keeps the newest entry of an id and cannot remove an entry early, so an entry with this digest
 * replaces the original one.
 */
const FORGOTTEN = '\0'.repeat(8)

/** A failure that was published before the state was lost. */
export interface FailedBefore {
  readonly failure: Failure
  /** True if later events of the entity were parked; undefined if unknown. */
  readonly parks: boolean | undefined
}

export class RememberedFailures {
  /**
   * Period for which failures are remembered, in milliseconds. It equals the retention of dead letters, because dead letters may be
   * redriven.
   */
  readonly windowMs: number
  /** Append time from which no failure is missing, in milliseconds since the epoch; infinite if there is no such time. */
  completeFromMs: number
  readonly #snapshot: Pick<Snapshot, 'failures' | 'publishedFailures'>
  readonly #changes = new Map<string, RememberedFailure>()

  constructor(snapshot: Snapshot, { application }: Pick<Consumer, 'application'>) {
    this.windowMs = requireTopicSettings(application, application.deadLettersTopic).keptDays * DAY_MS
    this.completeFromMs = snapshot.failuresFromMs ?? Number.POSITIVE_INFINITY
    this.#snapshot = snapshot
  }

  /** Returns the failure if it is still remembered at this time of the log's clock. The store may contain expired failures. */
  find(id: string, nowMs: number): RememberedFailure | undefined {
    const failure = this.#changes.get(id) ?? this.#snapshot.failures.get(id)
    return failure && nowMs - failure.failedAtMs <= this.windowMs ? failure : undefined
  }

  /** Returns true if the record at this position was decided without a failure, and a failure could not have been forgotten. */
  hasNeverFailed(id: string, { partition, offset }: LogRecord, place: RecordPlace): boolean {
    if (this.#changes.has(id) || this.#snapshot.failures.has(id)) return false
    const { timestampMs = -1 } = place
    return place.partition === partition && place.offset < offset && timestampMs >= this.completeFromMs
  }

  remember(failure: RememberedFailure): void {
    this.#changes.set(failure.id, failure)
  }

  get changes(): readonly RememberedFailure[] {
    return [...this.#changes.values()]
  }

  /** True if records are read back whose failures may have been published. */
  get hasPublished(): boolean {
    return (this.#snapshot.publishedFailures?.size ?? 0) > 0
  }

  /**
   * Returns a failure that was published before the state was lost; undefined if none is known.
   *
   * @param originalTimestamp timestamp of the record at its first attempt
   */
  findPublished(eventId: string, originalTimestamp: number): FailedBefore | undefined {
    const found = this.#snapshot.publishedFailures?.get(eventId)
    if (found?.originalTimestamp !== originalTimestamp) return undefined
    return { failure: failure(found.code, 'it failed before the state was lost'), parks: found.parks }
  }
}

/** The highest decided sequence of each origin. */
export class Sequences {
  readonly #known: Snapshot['sequences']
  readonly #changes = new Map<string, string>()
  /** Sequence of the present record. */
  #raised: SequencedOrigin | undefined

  constructor({ sequences }: Pick<Snapshot, 'sequences'>) {
    this.#known = sequences
  }

  /**
   * Raises the highest sequence of an origin once the present record is decided. Until then, the record may still have to wait.
   *
   * @returns false if the sequence is not higher
   */
  raise(next: SequencedOrigin): boolean {
    const highest = this.#changes.get(next.origin) ?? this.#known?.get(next.origin)
    if (highest !== undefined && next.sequence <= highest) return false
    this.#raised = next
    return true
  }

  /** Called when the present record is decided. */
  keepRaised(): void {
    if (this.#raised) this.#changes.set(this.#raised.origin, this.#raised.sequence)
    this.#raised = undefined
  }

  /** Sequences that the chunk has raised; undefined if there are none. */
  get changes(): ReadonlyMap<string, string> | undefined {
    return this.#changes.size > 0 ? this.#changes : undefined
  }
}
