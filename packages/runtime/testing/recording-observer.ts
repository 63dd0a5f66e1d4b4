import type { Failure } from '../consumer/failure-codes.ts'
import type { Decision, StoppedPartition } from '../pipeline/model/decision.ts'
import type { FailureMemory } from '../pipeline/model/failure-memory.ts'
import type { OffsetRange } from '../pipeline/model/log.ts'
import type { OutboxEntry, StateKey } from '../pipeline/model/partition-state.ts'
import type { FailedTry } from '../pipeline/model/tries.ts'
import type { Observer } from '../pipeline/ports.ts'

/** Observer that records all reports of the pipeline. */
export class RecordingObserver implements Observer {
  readonly decisions: Decision[] = []
  readonly waits: StoppedPartition[] = []
  readonly ranges: OffsetRange[] = []
  redeliveries = 0
  untrimmedEntries = 0

  reportDecisions(_: StateKey, decisions: readonly Decision[]): void {
    this.decisions.push(...decisions)
  }
  reportRedelivered(_: StateKey, count: number): void {
    this.redeliveries += count
  }
  reportWaiting(_: StateKey, waiting: StoppedPartition): void {
    this.waits.push(waiting)
  }
  readonly tries: FailedTry[] = []
  reportTry(_: StateKey, tried: FailedTry): void {
    this.tries.push(tried)
  }
  reportOutboxNotTrimmed(_: StateKey, count: number): void {
    this.untrimmedEntries += count
  }
  readonly refusals: OutboxEntry[] = []
  reportRefused(_: StateKey, entries: readonly OutboxEntry[]): void {
    this.refusals.push(...entries)
  }
  readonly deadLetters: OutboxEntry[] = []
  reportDeadLetters(_: StateKey, entries: readonly OutboxEntry[]): void {
    this.deadLetters.push(...entries)
  }
  readonly startsWithoutAppliedOffsetAt: number[] = []
  reportStartWithoutAppliedOffset(_: StateKey, fromOffset: number): void {
    this.startsWithoutAppliedOffsetAt.push(fromOffset)
  }
  readonly newLogsAfter: number[] = []
  reportNewLog(_: StateKey, appliedOffset: number): void {
    this.newLogsAfter.push(appliedOffset)
  }
  reportRangeReadBack(_: StateKey, range: OffsetRange): void {
    this.ranges.push(range)
  }
  recordsWithoutFailures = 0
  reportFailuresNotKept(_: StateKey, records: number): void {
    this.recordsWithoutFailures += records
  }
  readonly expiries: OffsetRange[] = []
  reportExpired(_: StateKey, range: OffsetRange): void {
    this.expiries.push(range)
  }
  readonly clockGaps: { beforeOffset: number; ms: number }[] = []
  reportClockGap(_: StateKey, beforeOffset: number, ms: number): void {
    this.clockGaps.push({ beforeOffset, ms })
  }
  readonly timedByProducersFrom: number[] = []
  reportTimedByProducers(_: StateKey, fromOffset: number): void {
    this.timedByProducersFrom.push(fromOffset)
  }
  readonly unreadableContexts: string[] = []
  reportContextUnreadable(_: StateKey, why: string): void {
    this.unreadableContexts.push(why)
  }
  readonly misroutedAt: { fromOffset: number; count: number }[] = []
  reportMisrouted(_: StateKey, fromOffset: number, count: number): void {
    this.misroutedAt.push({ fromOffset, count })
  }
  readonly surgesSince: number[] = []
  readonly surgeFailures: (Failure | undefined)[] = []
  readonly failureMemories: FailureMemory[] = []
  reportFailureMemory(_: StateKey, memory: FailureMemory): void {
    this.failureMemories.push(memory)
  }
  reportBreakerOpen(_: StateKey, sinceMs: number, failure?: Failure): void {
    this.surgesSince.push(sinceMs)
    this.surgeFailures.push(failure)
  }
}
