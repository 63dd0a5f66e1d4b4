import type { Failure } from '../consumer/failure-codes.ts'
import type { Tried } from '../pipeline/deciding/tries.ts'
import type {
  Decision,
  FailureMemory,
  OffsetRange,
  OutboxEntry,
  StateKey,
  StoppedPartition,
} from '../pipeline/model.ts'
import type { Observer } from '../pipeline/ports.ts'

/** Observer that records all reports of the pipeline. */
export class RecordingObserver implements Observer {
  readonly decisions: Decision[] = []
  readonly waits: StoppedPartition[] = []
  readonly ranges: OffsetRange[] = []
  redeliveries = 0
  untrimmedEntries = 0

  decided(_: StateKey, decisions: readonly Decision[]): void {
    this.decisions.push(...decisions)
  }
  redelivered(_: StateKey, count: number): void {
    this.redeliveries += count
  }
  waiting(_: StateKey, waiting: StoppedPartition): void {
    this.waits.push(waiting)
  }
  readonly tries: Tried[] = []
  tried(_: StateKey, tried: Tried): void {
    this.tries.push(tried)
  }
  outboxNotTrimmed(_: StateKey, count: number): void {
    this.untrimmedEntries += count
  }
  readonly refusals: OutboxEntry[] = []
  refused(_: StateKey, entries: readonly OutboxEntry[]): void {
    this.refusals.push(...entries)
  }
  readonly deadLetters: OutboxEntry[] = []
  deadLettersSent(_: StateKey, entries: readonly OutboxEntry[]): void {
    this.deadLetters.push(...entries)
  }
  readonly startsWithoutAppliedOffsetAt: number[] = []
  startsWithoutAppliedOffset(_: StateKey, fromOffset: number): void {
    this.startsWithoutAppliedOffsetAt.push(fromOffset)
  }
  rangeReadBack(_: StateKey, range: OffsetRange): void {
    this.ranges.push(range)
  }
  recordsWithoutFailures = 0
  failuresNotKept(_: StateKey, records: number): void {
    this.recordsWithoutFailures += records
  }
  readonly expiries: OffsetRange[] = []
  expired(_: StateKey, range: OffsetRange): void {
    this.expiries.push(range)
  }
  readonly clockGaps: { beforeOffset: number; ms: number }[] = []
  clockGap(_: StateKey, beforeOffset: number, ms: number): void {
    this.clockGaps.push({ beforeOffset, ms })
  }
  readonly timedByProducersFrom: number[] = []
  timedByProducers(_: StateKey, fromOffset: number): void {
    this.timedByProducersFrom.push(fromOffset)
  }
  readonly unreadableContexts: string[] = []
  contextUnreadable(_: StateKey, why: string): void {
    this.unreadableContexts.push(why)
  }
  readonly misroutedAt: { fromOffset: number; count: number }[] = []
  misrouted(_: StateKey, fromOffset: number, count: number): void {
    this.misroutedAt.push({ fromOffset, count })
  }
  readonly surgesSince: number[] = []
  readonly surgeFailures: (Failure | undefined)[] = []
  readonly failureMemories: FailureMemory[] = []
  failureMemory(_: StateKey, memory: FailureMemory): void {
    this.failureMemories.push(memory)
  }
  breakerOpen(_: StateKey, sinceMs: number, failure?: Failure): void {
    this.surgesSince.push(sinceMs)
    this.surgeFailures.push(failure)
  }
}
