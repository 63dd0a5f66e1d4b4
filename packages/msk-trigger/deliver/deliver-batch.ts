import { randomUUID } from 'node:crypto'
import type { Faults } from '../faults/faults.ts'
import { HandlerError } from '../invoke/runtimes/runtime.ts'
import type { PartitionQueue, PendingRecord } from '../poll/partition-queue.ts'
import { delayAfter } from '../report/attempts.ts'
import { explainError } from '../report/explain-error.ts'
import type { StallKind } from '../report/reports.ts'
import { excludeRecords, filterRecords, type PartitionRecords } from '../support/partition-records.ts'
import { pause } from '../support/wait.ts'
import {
  type AttemptLog,
  formatAttempts,
  logDefect,
  logFailure,
  logSuccess,
  shownReason,
} from './attempt-log.ts'
import { BatchProgress } from './batch-progress.ts'
import { type DiscardContext, discard } from './discard.ts'
import type { FailedBatches, Tried } from './failed-batches.ts'
import type { Condition, LastResponse } from './invocation-record.ts'
import { type AnswerOptions, type InvocationOutcome, readAnswer, retryWholeBatch } from './outcome.ts'
import { afterAttempt, isOverAge, type RetryPolicy, type Unit } from './retries.ts'
import type { RunningInvocations } from './running-invocations.ts'
import type { Semaphore } from './semaphore.ts'

export type Batch = readonly PartitionRecords<PendingRecord>[]

/** Dependencies of a delivery, which the event source provides. */
export interface DeliveryContext extends DiscardContext, AttemptLog {
  readonly mapping: RetryPolicy & AnswerOptions
  readonly permits: Pick<Semaphore, 'acquire' | 'release'>
  /** Semaphore of the function. All event sources of the function share it. */
  readonly reserved: Pick<Semaphore, 'acquire' | 'release'>
  readonly faults: Pick<Faults, 'fires'>
  readonly failedBatches: FailedBatches
  readonly running: Pick<RunningInvocations, 'begin'>
  /**
   * Invokes the function.
   *
   * @param requestId request id for the handler and the destination
   * @param answerCounts false to ignore the response, which simulates a timeout
   */
  invoke(batch: Batch, requestId: string, answerCounts: boolean): Promise<unknown>
  /** Called for an injected crash. Records in flight must not be committed afterwards. */
  crash(): void
  /** Called when the partition is processed up to this offset. Resolves when the delivery may continue with the partition. */
  scheduleCommit(queue: PartitionQueue, offset: number): Promise<void>
  /** Called when this batch no longer uses the partition. The next batch may then use it. */
  release(partition: number): void
}

/** Unit of records with the last response, and the numbers of attempts and refused ones, which determine the backoff. */
type TriedUnit = Unit<PendingRecord> & Tried & { readonly refusals?: number }

/**
 * Delivers one batch: invokes the function, commits the records that succeeded, and retries the others. Records whose retries are
 * exhausted are sent to the destination (rules 21, 22 and 26 to 29 in `RULES.md`). A batch occupies its partitions until their
 * records are done (rule 19), but it needs a permit only while the handler runs; the caller must have acquired the first permit.
 * After an unexpected error the delivery starts again, because its partitions would otherwise wait until a restart.
 */
export function deliver(
  batch: Batch,
  queues: ReadonlyMap<number, PartitionQueue>,
  to: DeliveryContext,
  progress = new BatchProgress<PendingRecord>(batch),
): Promise<void> {
  return new Delivery(batch, queues, to, progress).run()
}

class Delivery {
  readonly #queues: ReadonlyMap<number, PartitionQueue>
  readonly #to: DeliveryContext
  readonly #progress: BatchProgress<PendingRecord>
  readonly #partitions: Set<number>
  #hasPermit = true
  #hasReserved = false

  constructor(
    batch: Batch,
    queues: ReadonlyMap<number, PartitionQueue>,
    to: DeliveryContext,
    progress: BatchProgress<PendingRecord>,
  ) {
    this.#queues = queues
    this.#to = to
    this.#progress = progress
    this.#partitions = new Set(batch.map(part => part.partition))
  }

  async run(): Promise<void> {
    const { ending, backoff } = this.#to
    for (let defects = 0; !ending.aborted; ) {
      // Another member delivers the open records of revoked partitions.
      const open = this.#progress.openRecords.filter(({ partition }) => this.#isAssigned(partition))
      this.#releaseAllBut(open)
      if (open.length === 0) break
      try {
        await this.#deliver(open)
        return
      } catch (error) {
        this.#releasePermit()
        defects += 1
        const waitMs = delayAfter(defects, backoff)
        logDefect(this.#to, open, error, defects, waitMs)
        const stall = { obstacle: 'invocation', kind: 'error', reason: `a defect: ${error}` } as const
        const assigned = open.filter(({ partition }) => this.#isAssigned(partition))
        this.#to.reports.reportStall({ ...stall, attempt: defects }, assigned)
        await pause(waitMs, ending)
      }
    }
    this.#releasePermit()
  }

  async #deliver(batch: Batch): Promise<void> {
    await this.#complete(filterRecords(batch, ({ packed }) => packed === undefined))
    await this.#discardUndeliverable(batch)
    const sent = filterRecords(batch, ({ packed, undeliverable }) => packed !== undefined && !undeliverable)
    // Batches that failed before their partition was revoked and assigned again keep their number of attempts.
    let units = this.#dropRevoked<TriedUnit>(this.#to.failedBatches.splitIntoUnits(sent))
    for (let unit = units[0]; unit && !this.#to.ending.aborted; unit = units[0]) {
      const next = await this.#attempt(unit)
      // Partitions can be revoked while their batch is running or waiting.
      units = this.#dropRevoked([...next, ...units.slice(1)])
    }
    this.#releasePermit()
  }

  /** Invokes the function once with the records of a unit. Returns the units that replace this unit. */
  async #attempt(unit: TriedUnit): Promise<TriedUnit[]> {
    const { mapping, log, name, backoff, ending } = this.#to
    const young = await this.#discardOverAge(unit)
    if (young.length > 0) await this.#acquirePermit()
    // Acquiring a permit can take long, so the partition may have been revoked in the meantime.
    const parts = this.#dropRevoked([{ parts: young }])[0]?.parts
    if (!parts || ending.aborted) return []
    const { requestId, outcome } = await this.#invoke(parts)
    if (outcome.isRefused) return [await this.#waitForHandler({ ...unit, parts }, outcome.reason ?? '')]
    const tries = unit.tries + 1
    const invocations = unit.invocations + 1
    const response = { requestId, isFunctionError: outcome.reported === undefined }
    if (outcome.warning) log.warning(`${name}  ${outcome.warning}`)
    await this.#complete(excludeRecords(parts, outcome.again))
    if (outcome.again.length === 0) {
      logSuccess(this.#to, parts, tries)
      return []
    }
    const { exhausted, units } = afterAttempt({ ...unit, parts }, outcome, mapping)
    if (exhausted.length > 0) {
      const why = `after ${formatAttempts(invocations)}: ${shownReason(outcome.reason ?? '', tries)}`
      await this.#discard(exhausted, 'RetryAttemptsExhausted', why, { invocations, response })
    } else {
      const waitMs = delayAfter(tries, backoff)
      this.#handleFailure(outcome, units, { tries, response }, waitMs)
      await pause(waitMs, ending)
    }
    return units.map(next => ({ ...next, response, tries: exhausted.length > 0 ? 0 : tries }))
  }

  async #invoke(parts: Batch): Promise<{ requestId: string; outcome: InvocationOutcome<PendingRecord> }> {
    const { mapping, faults } = this.#to
    const requestId = randomUUID()
    const endInvocation = this.#to.running.begin(parts)
    try {
      if (faults.fires('duplicate')) await this.#to.invoke(parts, randomUUID(), true)
      const answer = await this.#to.invoke(parts, requestId, !faults.fires('timeout'))
      if (faults.fires('crash')) this.#to.crash()
      return { requestId, outcome: readAnswer(parts, answer, mapping) }
    } catch (error) {
      const isRefused = error instanceof HandlerError && error.isRefusal
      return { requestId, outcome: { ...retryWholeBatch(parts, explainError(error)), isRefused } }
    } finally {
      endInvocation()
      this.#releasePermit()
    }
  }

  /** Waits before the handler is loaded again. This is not an attempt, so that it counts neither as a retry nor as a response. */
  async #waitForHandler(unit: TriedUnit, reason: string): Promise<TriedUnit> {
    const { backoff, ending, reports } = this.#to
    const refusals = (unit.refusals ?? 0) + 1
    const waitMs = delayAfter(refusals, backoff)
    if (!ending.aborted) {
      reports.reportStall({ obstacle: 'invocation', kind: 'error', reason, attempt: refusals }, unit.parts)
      logFailure(this.#to, unit.parts, reason, refusals, waitMs, true)
    }
    await pause(waitMs, ending)
    return { ...unit, refusals }
  }

  /**
   * Discards records that cannot be sent to the function, before the rest of the batch is sent. See rules 9 and 15 in `RULES.md`.
   */
  async #discardUndeliverable(batch: Batch): Promise<void> {
    for (const { partition, records } of filterRecords(
      batch,
      ({ undeliverable }) => undeliverable !== undefined,
    )) {
      for (const record of records) {
        const { condition, why } = record.undeliverable ?? { condition: 'DESERIALIZATION_ERROR', why: '' }
        await this.#discard([{ partition, records: [record] }], condition, why, { invocations: 0 })
      }
    }
  }

  /**
   * Discards the records of a unit that are too old, and returns the others. Called before each attempt. See rule 28 in `RULES.md`.
   */
  async #discardOverAge({ parts, invocations, response }: TriedUnit): Promise<Batch> {
    const { mapping } = this.#to
    const nowMs = Date.now()
    const old = filterRecords(parts, ({ timestampMs }) => isOverAge(timestampMs, mapping, nowMs))
    if (old.length === 0) return parts
    const why = `older than ${mapping.maximumRecordAgeMs} ms`
    await this.#discard(old, 'RecordAgeExceeded', why, {
      invocations,
      ...(response && { response }),
    })
    return excludeRecords(parts, old)
  }

  async #discard(
    parts: Batch,
    condition: Condition,
    why: string,
    of: { readonly invocations: number; readonly response?: LastResponse },
  ): Promise<void> {
    // Release the permit, because sending to an unavailable destination may take a long time.
    this.#releasePermit()
    const isOurs = (partition: number) => this.#isAssigned(partition)
    await this.#complete(await discard({ parts, condition, ...of }, why, isOurs, this.#to))
  }

  /** Commits as far as possible, and releases partitions whose records are all done. */
  async #complete(parts: Batch): Promise<void> {
    const assignedParts = parts.filter(({ partition }) => this.#isAssigned(partition))
    this.#to.failedBatches.remove(assignedParts)
    const partitions = assignedParts.map(({ partition }) => partition)
    this.#to.reports.reportResume('invocation', partitions)
    for (const { partition, offset } of this.#progress.complete(assignedParts)) {
      const queue = this.#queues.get(partition)
      if (queue) await this.#to.scheduleCommit(queue, offset)
    }
    for (const { partition } of assignedParts) if (this.#progress.isDone(partition)) this.#release(partition)
  }

  /** Releases revoked partitions, and returns the units without the records of these partitions. */
  #dropRevoked<U extends { readonly parts: Batch }>(units: readonly U[]): U[] {
    for (const partition of this.#partitions) if (!this.#isAssigned(partition)) this.#release(partition)
    return units
      .map(unit => ({
        ...unit,
        parts: unit.parts.filter(({ partition }) => this.#partitions.has(partition)),
      }))
      .filter(({ parts }) => parts.length > 0)
  }

  #releaseAllBut(open: Batch): void {
    for (const partition of this.#partitions)
      if (!open.some(part => part.partition === partition)) this.#release(partition)
  }

  #isAssigned(partition: number): boolean {
    return this.#queues.get(partition)?.revoked === false
  }

  #release(partition: number): void {
    if (this.#partitions.delete(partition)) this.#to.release(partition)
  }

  async #acquirePermit(): Promise<void> {
    if (!this.#hasPermit) await this.#to.permits.acquire()
    this.#hasPermit = true
    if (!this.#hasReserved) await this.#to.reserved.acquire()
    this.#hasReserved = true
  }

  #releasePermit(): void {
    if (this.#hasReserved) this.#to.reserved.release()
    this.#hasReserved = false
    if (this.#hasPermit) this.#to.permits.release()
    this.#hasPermit = false
  }

  #handleFailure(
    { again, reported, reason = '' }: InvocationOutcome<PendingRecord>,
    units: readonly Unit<PendingRecord>[],
    { tries, response }: { readonly tries: number; readonly response: LastResponse },
    waitMs: number,
  ): void {
    const { ending, failedBatches, reports } = this.#to
    // Start with the last unit, so that its first half is delivered next if a partition is in both halves.
    for (const { parts, failures, invocations } of units.toReversed())
      failedBatches.store(parts, { tries, failures, invocations, response })
    if (ending.aborted) return
    const kind = reported ? 'reported' : toStallKind(reason)
    const assigned = again.filter(({ partition }) => this.#isAssigned(partition))
    reports.reportStall({ obstacle: 'invocation', kind, reason, attempt: tries }, assigned)
    logFailure(this.#to, again, reason, tries, waitMs)
  }
}

/** Determines the kind of stall from the error message. `instance.ts` creates the message about a timeout. */
function toStallKind(reason: string): StallKind {
  return reason.startsWith('timeout: ') ? 'timeout' : 'error'
}
