/** A partition state while a chunk is applied: each record sees the changes of the records before it. */

import type { LogRecord } from '../../cloudevents/record.ts'
import type { RecordPlace } from '../../cloudevents/redrive.ts'
import { requireTopicSettings } from '../../consumer/application.ts'
import { type Failure, failure } from '../../consumer/failure-codes.ts'
import { omitUndefined } from '../../consumer/omit-undefined.ts'
import { type AnyKeyedProcess, type Consumer, getContext } from '../consumer.ts'
import { computeDigest, findLogDigest } from '../model/fingerprint.ts'
import { advance, type LogClock } from '../model/log.ts'
import type { Change, Snapshot } from '../model/snapshot.ts'
import type { Decision } from '../model/decision.ts'
import type { Growth } from '../model/partitioning.ts'
import type { OutboxEntry, RememberedId, StoredTimer } from '../model/partition-state.ts'
import type { RememberedFailure } from '../model/failure-memory.ts'
import type { IgnoredReason } from '../model/reasons.ts'
import { CurrentContext } from '../model/context.ts'
import type { EmissionPosition, SequencedOrigin } from '../outbox/position.ts'
import type { Sender } from '../outbox/entries.ts'
import { MAX_ENTITY_BYTES, MAX_TIMERS } from '../model/limits.ts'
import { NewEntities } from './new-entities.ts'
import { States } from './entity-states.ts'
import type { StepChanges } from './step-result.ts'
import { splitState, withSince } from '../model/stored-state.ts'
import { TimerQueue } from './timer-queue.ts'

const DAY_MS = 24 * 60 * 60_000

type Needed = Pick<
  Consumer,
  'application' | 'process' | 'idWindowMs' | 'limits' | 'failureBytes' | 'newEntities'
>

/** A failure that was published before the state was lost. */
export interface FailedBefore {
  readonly failure: Failure
  /** True if later events of the entity were parked; undefined if unknown. */
  readonly parks: boolean | undefined
}

/** A consumer and the working copy of the partition state: the input of every decision about a record. */
export interface Work<C = Sender> {
  readonly consumer: C
  readonly copy: WorkingCopy
}

export type KeyedWork = Work<Consumer<AnyKeyedProcess>>

export class WorkingCopy {
  readonly timerQueue: TimerQueue
  readonly states: States
  readonly context: CurrentContext
  readonly decisions: Decision[] = []
  readonly #consumer: Needed
  readonly #snapshot: Snapshot
  /**
   * Period for which failures are remembered, in milliseconds. It equals the retention of dead letters, because dead letters may be
   * redriven.
   */
  readonly #failureWindowMs: number
  readonly #applied = new Map<string, RememberedId>()
  readonly #failures = new Map<string, RememberedFailure>()
  readonly #sequences = new Map<string, string>()
  /** Sequence of the present record. */
  #raised: SequencedOrigin | undefined
  readonly #newEntities: NewEntities
  readonly #outbox: OutboxEntry[] = []
  /** Number of outbox entries that are already assigned to a decision. */
  #accounted = 0
  /** The log's clock at the applied offset. */
  clock: LogClock
  #appliedOffset: number
  /** Record at the applied offset, if this chunk has decided it. */
  #last: LogRecord | undefined
  #fired: number
  #emitted: number
  #failuresFromMs: number
  /** Approximate bytes emitted so far. */
  sentBytes = 0
  #storedBytes = 0
  /** Approximate size of all parked records of the partition state, in bytes. */
  parkedBytes: number
  /** Number of timers that may still fire in this commit. */
  timersLeft: number

  constructor(consumer: Needed, snapshot: Snapshot) {
    this.#consumer = consumer
    const { application } = consumer
    this.#failureWindowMs = requireTopicSettings(application, application.deadLettersTopic).keptDays * DAY_MS
    this.context = new CurrentContext(getContext(consumer), snapshot)
    this.#snapshot = snapshot
    this.timerQueue = new TimerQueue(snapshot)
    this.states = new States(snapshot)
    this.clock = snapshot.clock
    this.#appliedOffset = snapshot.version.appliedOffset
    this.#fired = snapshot.version.fired
    this.#emitted = snapshot.emitted
    this.parkedBytes = snapshot.parkedBytes
    this.timersLeft = consumer.limits.timers
    const isTrusted = 'trustsProducers' in consumer.process && consumer.process.trustsProducers
    this.#newEntities = new NewEntities(snapshot.newEntities, isTrusted ? undefined : consumer.newEntities)
    this.#failuresFromMs = snapshot.failuresFromMs ?? Number.POSITIVE_INFINITY
  }

  /** Returns the position of the next emission while the record at this offset is decided. */
  placeAt(offset: number): EmissionPosition {
    const { partitioning, origin } = this.#snapshot
    return { offset, index: this.#emitted, generation: partitioning?.generation ?? 0, origin }
  }

  /**
   * Raises the highest sequence of an origin once the present record is decided. Until then, the record may still have to wait.
   *
   * @returns false if the sequence is not higher
   */
  raiseSequence(next: SequencedOrigin): boolean {
    const highest = this.#sequences.get(next.origin) ?? this.#snapshot.sequences?.get(next.origin)
    if (highest !== undefined && next.sequence <= highest) return false
    this.#raised = next
    return true
  }

  get growths(): readonly Growth[] {
    return this.#snapshot.growths ?? []
  }

  /** True if the commit has reached its size limit, so that the next decision must go into another commit. */
  get isFull(): boolean {
    return this.sentBytes + this.#storedBytes >= this.#consumer.limits.bytes
  }

  /** True if the next timer must fire in the next commit. */
  get isFullOfTimers(): boolean {
    return this.timersLeft <= 0 || this.isFull
  }

  /** Adds the result of a step. @param offset first offset of the record that has caused the step */
  applyStep(entity: string, step: StepChanges, offset: number): void {
    const { entries, emittedBytes, set, cancelled } = step
    const before = this.states.get(entity)
    const since = before === undefined ? offset : splitState(before).since
    const state = step.state === null ? null : withSince(step.state, since)
    this.#storedBytes +=
      (state?.length ?? 0) - (this.states.getChange(entity)?.length ?? 0) + estimateTimerBytes(set)
    if (state === null) this.forget(entity)
    else {
      this.#newEntities.update(entity, before, state, this.clock.nowMs)
      this.states.set(entity, state)
    }
    for (const name of cancelled) this.timerQueue.cancel(entity, name)
    for (const timer of set) this.timerQueue.set(entity, timer)
    this.send(entries, emittedBytes)
  }

  /** Returns true if a step would leave an entity with more state or timers than the limits allow. */
  isTooLarge(entity: string, { state, set, cancelled }: StepChanges): boolean {
    if (state === null) return false
    const own = this.timerQueue.get(entity)
    // Measure exactly only near the limits: a UTF-16 unit takes at most three bytes in UTF-8.
    const upper = state.length * 3 + estimateTimerBytes(own) + estimateTimerBytes(set)
    if (upper <= MAX_ENTITY_BYTES && own.length + set.length <= MAX_TIMERS) return false
    const gone = new Set([...cancelled, ...set.map(({ name }) => name)])
    const timers = [...own.filter(({ name }) => !gone.has(name)), ...set]
    const bytes = Buffer.byteLength(state) + Buffer.byteLength(JSON.stringify(timers))
    return bytes > MAX_ENTITY_BYTES || timers.length > MAX_TIMERS
  }

  /** Returns a failure if the step would exceed the limit for new entities; otherwise undefined. */
  checkNewEntity(entity: string, { state }: StepChanges): Failure | undefined {
    if (state === null) return undefined
    return this.#newEntities.checkLimit(entity, this.states.get(entity), state, this.clock.nowMs)
  }

  forget(entity: string): void {
    this.#newEntities.update(entity, this.states.get(entity), undefined, this.clock.nowMs)
    this.states.set(entity, null)
    this.timerQueue.cancelAll(entity)
  }

  send(entries: readonly OutboxEntry[], bytes: number): void {
    this.#outbox.push(...entries)
    this.#emitted += entries.length
    this.sentBytes += bytes
  }

  /** Returns the remembered id if it is within the window at this time of the log's clock. */
  findRememberedId(id: string, nowMs: number): RememberedId | undefined {
    const remembered = this.#applied.get(id) ?? this.#snapshot.known.get(id)
    if (!remembered || remembered.digest === FORGOTTEN) return undefined
    return nowMs - remembered.appliedAtMs <= this.#consumer.idWindowMs ? remembered : undefined
  }

  remember(id: RememberedId): void {
    this.#applied.set(id.id, id)
  }

  /** Forgets the id of an event that waited and then failed, so that the same event can be applied when it arrives again. */
  forgetId(id: string, nowMs: number): void {
    this.remember({ id, digest: FORGOTTEN, appliedAtMs: nowMs })
  }

  addParkedBytes(bytes: number): void {
    this.#storedBytes += bytes
    this.parkedBytes += bytes
  }

  removeParkedBytes(bytes: number): void {
    // A negative size would raise the limit. It could occur because an earlier version parked events without counting their bytes.
    this.parkedBytes = Math.max(0, this.parkedBytes - bytes)
  }

  /**
   * Returns a failure that was published before the state was lost; undefined if none is known.
   *
   * @param originalTimestamp timestamp of the record at its first attempt
   */
  findPublishedFailure(eventId: string, originalTimestamp: number): FailedBefore | undefined {
    const found = this.#snapshot.publishedFailures?.get(eventId)
    if (found?.originalTimestamp !== originalTimestamp) return undefined
    return { failure: failure(found.code, 'it failed before the state was lost'), parks: found.parks }
  }

  /** True if records are read back whose failures may have been published. */
  get hasPublishedFailures(): boolean {
    return (this.#snapshot.publishedFailures?.size ?? 0) > 0
  }

  /** Leaves out an emission that was published before, so that later emissions keep their sequences. */
  skipEmission(): void {
    this.#emitted += 1
  }

  /** Returns the failure if it is still remembered at this time of the log's clock. The store may contain expired failures. */
  findFailure(id: string, nowMs: number): RememberedFailure | undefined {
    const failure = this.#failures.get(id) ?? this.#snapshot.failures.get(id)
    return failure && nowMs - failure.failedAtMs <= this.#failureWindowMs ? failure : undefined
  }

  /** Returns true if the record at this position was decided without a failure, and a failure could not have been forgotten. */
  hasNeverFailed(id: string, { partition, offset }: LogRecord, place: RecordPlace): boolean {
    if (this.#failures.has(id) || this.#snapshot.failures.has(id)) return false
    const { timestampMs = -1 } = place
    return place.partition === partition && place.offset < offset && timestampMs >= this.#failuresFromMs
  }

  rememberFailure(failure: RememberedFailure): void {
    this.#failures.set(failure.id, failure)
  }

  /**
   * Returns true if an operator has skipped this record. The digest is compared, so that a record with the same offset in a
   * recreated topic is not skipped.
   */
  isSkipped(record: LogRecord): boolean {
    const digest = this.#snapshot.skipped?.get(record.offset)
    return digest !== undefined && (record.decodedByLambda !== undefined || digest === computeDigest(record))
  }

  /** Records the decision of a timer or of a parked record. The record during which it was made is not decided yet. */
  addTimerDecision(decision: Decision): void {
    this.addDecision(decision)
    this.#fired += 1
  }

  clockAt({ timestampMs }: LogRecord): LogClock {
    return advance(this.clock, timestampMs)
  }

  /** Records the decision about a record, and moves the applied offset and the clock to that record. */
  applyDecision(record: LogRecord, clock: LogClock, decision: Decision): void {
    this.addDecision(decision)
    if (this.#raised) this.#sequences.set(this.#raised.origin, this.#raised.sequence)
    this.#raised = undefined
    const { timestampMs } = record
    if (decision.reason === ('before-start' satisfies IgnoredReason)) this.#failuresFromMs = timestampMs + 1
    else if (this.clock.highestAppendMs === undefined)
      this.#failuresFromMs = Math.min(this.#failuresFromMs, timestampMs)
    this.clock = clock
    this.#appliedOffset = record.offset
    this.#last = record
    this.#fired = 0
    this.#emitted = 0
  }

  get #formerOffsets(): Snapshot['formerOffsets'] {
    const { formerOffsets } = this.#snapshot
    const isPassed = Object.values(formerOffsets ?? {}).every(offset => offset <= this.#appliedOffset)
    return isPassed ? undefined : formerOffsets
  }

  get change(): Change {
    return {
      base: this.#snapshot.version,
      appliedOffset: this.#appliedOffset,
      fired: this.#fired,
      emitted: this.#emitted,
      parkedBytes: this.parkedBytes,
      newEntities: this.#newEntities.serializedLevels,
      clock: this.clock,
      appliedDigest: this.#last ? findLogDigest(this.#last) : this.#snapshot.appliedDigest,
      states: this.states.changes,
      timers: this.timerQueue.changes,
      ids: [...this.#applied.values()],
      failures: [...this.#failures.values()],
      ...(this.#sequences.size > 0 ? { sequences: this.#sequences } : {}),
      ...(this.#snapshot.origin ? { origin: this.#snapshot.origin } : {}),
      ...omitUndefined({ formerOffsets: this.#formerOffsets }),
      outbox: this.#outbox,
      context: this.context.change,
      tally: tally(this.decisions),
      idWindowMs: this.#consumer.idWindowMs,
      failureWindowMs: this.#failureWindowMs,
      failureBytes: this.#consumer.failureBytes,
      forgottenTold: this.#snapshot.failureMemory.forgotten,
      failuresFromMs: Number.isFinite(this.#failuresFromMs) ? this.#failuresFromMs : undefined,
    }
  }

  /** Records a decision together with everything that was emitted since the previous one. */
  addDecision(decision: Decision): void {
    const emitted = this.#outbox.slice(this.#accounted)
    this.#accounted = this.#outbox.length
    this.decisions.push(emitted.length > 0 ? { ...decision, emitted } : decision)
  }
}

/**
 * Marks an id as forgotten. A store keeps the newest entry of an id and cannot remove an entry early, so an entry with this digest
 * replaces the original one.
 */
const FORGOTTEN = '\0'.repeat(8)

/** Returns an upper bound for the size of the timers as JSON. A character of a timer's name can take up to six bytes. */
function estimateTimerBytes(timers: readonly StoredTimer[]): number {
  return timers.reduce((sum, { name }) => sum + TIMER_BYTES + 6 * name.length, 0)
}

/** Upper bound for the size of a timer without its name, in bytes: id, times and trace context. */
const TIMER_BYTES = 1024

function tally(decisions: readonly Decision[]): Map<string, number> {
  const counts = new Map<string, number>()
  const count = (name: string) => counts.set(name, (counts.get(name) ?? 0) + 1)
  for (const { outcome, reason, hold } of decisions) {
    count(`${outcome}/${reason}`)
    // These counters show how many entities are held: the number of holds that began minus the number of holds that ended.
    if (hold === 'begins') count(`held/${reason}`)
    else if (hold !== undefined && hold !== 'stays') count(`released/${hold}`)
  }
  return counts
}
