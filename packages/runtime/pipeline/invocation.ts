/** An invocation, and its work on one partition. */
import type { LogRecord } from '../cloudevents/record.ts'
import { type Consumer, isSegmentSink } from './consumer.ts'
import type { Decoded } from './decoding/decode.ts'
import type { Unavailable } from './errors.ts'
import type { SurgeGuard } from './failures/failure-surge.ts'
import type { PublishedFailureReader } from './failures/published-failures.ts'
import type { LogChecks } from './log/log-identity.ts'
import type { PartitionReader } from './log/partition-log.ts'
import type { PendingRecords } from './log/pending-records.ts'
import { SegmentCutter } from './log/segment-cutter.ts'
import type { PublishedFailures } from './model/failure-memory.ts'
import type { StateKey } from './model/partition-state.ts'
import type { Snapshot } from './model/snapshot.ts'
import type { FailedTry } from './model/tries.ts'
import { formatOrigin } from './outbox/position.ts'
import type { Ports } from './ports.ts'

/** Limits and dependencies of an invocation. Some of them are kept from one invocation to the next. */
export interface Invocation extends SurgeGuard {
  readonly remainingMs: () => number
  /** True if the event source mapping has ReportBatchItemFailures. */
  readonly partialResponses: boolean
  /** Wall clock for the circuit breaker and for the digests of a sink. Processes have no access to it. */
  readonly nowMs: () => number
  readonly pause: (ms: number) => Promise<void>
  readonly logChecks: LogChecks
  /** Absent if nothing is published, so that earlier failures do not matter. */
  readonly publishedFailures?: PublishedFailureReader
  /** Error that prevents this invocation from deciding anything, so that its partitions wait; absent if none exists. */
  readonly unavailable?: Unavailable
  /** Records that are decoded already, by offset; absent if all are decoded from their bytes. */
  readonly decoded?: ReadonlyMap<number, Decoded>
}

/** One partition of a batch, while its chunks are processed. */
export class PartitionRun {
  readonly consumer: Consumer
  readonly ports: Ports & { readonly log: PartitionReader }
  readonly invocation: Invocation
  readonly stateKey: StateKey
  /** True if producers set the timestamps of the batch. */
  readonly hasProducerTimes: boolean
  readonly pending: PendingRecords
  readonly cutter: SegmentCutter | undefined
  /** True as long as the invocation has not decided any record of the partition. */
  isFirst: boolean
  /** Failures that were published for records that were read back; undefined as long as none was. */
  publishedFailures: PublishedFailures | undefined

  constructor(
    given: Pick<
      PartitionRun,
      'consumer' | 'ports' | 'invocation' | 'stateKey' | 'hasProducerTimes' | 'pending'
    >,
  ) {
    const { consumer, ports, invocation, stateKey } = given
    this.consumer = consumer
    this.ports = ports
    this.invocation = invocation
    this.stateKey = stateKey
    this.hasProducerTimes = given.hasProducerTimes
    this.pending = given.pending
    this.cutter = isSegmentSink(consumer) ? new SegmentCutter(consumer.process) : undefined
    this.isFirst = true
    this.publishedFailures = undefined
  }

  readonly reportTry = (tried: FailedTry): void =>
    this.ports.report({ kind: 'offer-failed', stateKey: this.stateKey, ...tried })

  /** True if too little time is left to begin a chunk or a read. */
  get isLate(): boolean {
    return this.invocation.remainingMs() < this.consumer.reserveMs
  }

  /** Returns true if records follow this applied offset, and were all delivered once. */
  isNext([first]: readonly { readonly record: LogRecord }[], appliedOffset: number): boolean {
    if (!first || first.record.offset <= appliedOffset) return false
    return !this.pending.hasReadBack && this.pending.holeAfter(appliedOffset) === undefined
  }

  /** Returns the origin of the partition's emissions. It is stored with the state, so it is read once. */
  async readOrigin({ origin }: Snapshot): Promise<string | undefined> {
    if (origin !== undefined) return origin
    const identity = await this.ports.log.identity(this.stateKey.topic)
    return identity && formatOrigin(this.stateKey, identity)
  }
}
