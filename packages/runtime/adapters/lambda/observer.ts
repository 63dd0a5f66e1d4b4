import type { Logger } from '@aws-lambda-powertools/logger'
import type { Metrics } from '@aws-lambda-powertools/metrics'
import type { Application } from '../../consumer/application.ts'
import { RetryableError } from '../../consumer/author-errors.ts'
import type { Failure } from '../../consumer/failure-codes.ts'
import type { Decision, StoppedPartition } from '../../pipeline/model/decision.ts'
import type { FailureMemory } from '../../pipeline/model/failure-memory.ts'
import type { OffsetRange } from '../../pipeline/model/log.ts'
import type { OutboxEntry, StateKey } from '../../pipeline/model/partition-state.ts'
import type { FailedTry } from '../../pipeline/model/tries.ts'
import type { Observer } from '../../pipeline/ports.ts'
import { InvocationProgress, isOfRecord, PerTopic } from './invocation-progress.ts'
import { describeDecision, describeError, describeFailure, keyText, truncate } from './log-fields.ts'
import { LogLines } from './log-lines.ts'
import { Measurements } from './measurements.ts'
import type { TimedStep } from './metric-names.ts'

/** Maximum number of log lines for the dead letters of one batch and partition. There is one line per key. */
const MAX_KEYS = 10

/** Creates spans for decisions. */
export interface Tracer {
  /**
   * Creates the spans of decisions.
   *
   * @param during time range in which the partition made the decisions
   */
  traceDecisions(stateKey: StateKey, decisions: readonly Decision[], during: During): void
}

interface During {
  readonly fromMs: number
  readonly toMs: number
}

/** Writes the reports of the pipeline as structured logs and as CloudWatch embedded metrics, without payloads. */
export class LambdaObserver implements Observer {
  readonly #logger: Logger
  readonly #measured: Measurements
  readonly #now: () => number
  readonly #remedies: NonNullable<Application['remedies']>
  readonly #lines: LogLines
  #progress: InvocationProgress
  #records = 0
  /** Gaps in the log clock, by topic and partition, in milliseconds. */
  readonly #gaps = new PerTopic()
  /** Start offsets, by topic and partition, of partitions whose state has no applied offset. */
  readonly #starts = new PerTopic()
  #tracer: Tracer | undefined

  /**
   * Creates an observer.
   *
   * @param remedies remedies to log, by the reason why records wait
   */
  constructor(
    logger: Logger,
    metrics: Metrics,
    now: () => number = Date.now,
    remedies: Application['remedies'] = {},
  ) {
    this.#remedies = remedies
    this.#logger = logger
    this.#measured = new Measurements(metrics)
    this.#now = now
    this.#lines = new LogLines(logger, now)
    this.#progress = new InvocationProgress(now())
  }

  /** Enables tracing. */
  traceTo(tracer: Tracer): void {
    this.#tracer = tracer
  }

  /** Called at the beginning of an invocation. */
  begin(): void {
    this.#progress = new InvocationProgress(this.#now())
    this.#records = 0
  }

  reportDecisions(stateKey: StateKey, decisions: readonly Decision[]): void {
    const nowMs = this.#now()
    const sinceMs = this.#progress.noteDecisions(stateKey, decisions, nowMs)
    const groups = Map.groupBy(decisions, ({ outcome, reason }) => `${outcome}/${reason}`)
    for (const group of groups.values()) {
      const { outcome, reason, failure } = group[0] as Decision
      this.#measured.count(outcome, reason, group.length)
      if (failure) this.#logFailures(stateKey, group)
      // A timer has no append time.
      if (outcome === 'timer') continue
      if (isOfRecord(outcome)) this.#records += group.length
      for (const { appendMs } of group) this.#measured.latency(reason, Math.max(0, nowMs - appendMs))
    }
    this.#countHolds(stateKey, decisions)
    this.#tracer?.traceDecisions(stateKey, decisions, { fromMs: sinceMs, toMs: nowMs })
    if (this.#logger.getLevelName() === 'DEBUG')
      for (const decision of decisions)
        this.#logger.debug('decided', { ...stateKey, ...describeDecision(decision) })
  }

  reportRedelivered(stateKey: StateKey, count: number): void {
    this.#measured.count('redelivered', 'at-or-below-applied-offset', count)
    this.#logger.debug('decided before, dropped now', { ...stateKey, records: count })
  }

  /** Records the duration of a call to a port. */
  recordDuration(step: TimedStep, ms: number): void {
    this.#measured.step(step, ms)
  }

  /** Reports dropped spans. */
  reportDroppedSpans(count: number, reason: string, details: Record<string, unknown> = {}): void {
    this.#measured.count('spans-dropped', reason, count)
    this.#lines.write('spans-dropped', '', { spans: count, reason, ...details })
  }

  reportWaiting(stateKey: StateKey, { fromOffset, appendMs, reason, error }: StoppedPartition): void {
    this.#progress.noteWaiting(stateKey, appendMs, this.#now())
    this.#measured.count('deferred', reason, 1)
    const remedy = this.#remedies[reason]
    this.#lines.write('deferred', reason, {
      ...{ ...stateKey, fromOffset, reason, ...describeError(error) },
      ...(remedy === undefined ? {} : { remedy }),
    })
  }

  reportTry(stateKey: StateKey, { attempt, of, records, offset, cause }: FailedTry): void {
    const threw = 'error' in cause
    const reason = threw ? 'threw' : 'not-accepted'
    this.#measured.count('offer-failed', reason, records)
    const { error = reason, ...behind } = threw
      ? describeError(cause.error)
      : { error: cause.safeMessage && truncate(cause.safeMessage) }
    const details = { ...stateKey, offset, attempt, records, ...behind }
    const text = `Retry ${attempt}/${of}: ${error}`
    // A receiver that is away fails the tries of all partitions for as long as it is away. Others have delays between their tries.
    if (threw && cause.error instanceof RetryableError)
      this.#lines.write('retry', stateKey.topic, details, text)
    else this.#lines.each('retry', details, text)
  }

  reportOutboxNotTrimmed(stateKey: StateKey, count: number, error: unknown): void {
    this.#measured.count('outbox-not-trimmed', 'trim-failed', count)
    this.#lines.write('outbox-not-trimmed', '', { ...stateKey, count, ...describeError(error) })
  }

  reportRefused(stateKey: StateKey, entries: readonly OutboxEntry[], error: unknown): void {
    this.#measured.count('refused', 'never-taken', entries.length)
    const [first] = entries
    const { to, position } = first ?? {}
    const details = { ...stateKey, to, position, count: entries.length, ...describeError(error) }
    this.#lines.write('records-refused', String(to), details)
  }

  reportDeadLetters(stateKey: StateKey, entries: readonly OutboxEntry[]): void {
    this.#measured.count('dead-letters', 'sent', entries.length)
    const byKey = Map.groupBy(entries, ({ key }) => keyText(key))
    for (const [key, [first]] of [...byKey].slice(0, MAX_KEYS)) {
      const { id: eventId, subject } = first?.event ?? {}
      const unsaid = byKey.size > MAX_KEYS ? { keys: byKey.size } : {}
      const details = { ...stateKey, eventId, subject, records: byKey.get(key)?.length, ...unsaid }
      this.#lines.each('dead-letter', details, `Sent to DLQ: ${key}`)
    }
  }

  reportStartWithoutAppliedOffset(stateKey: StateKey, fromOffset: number): void {
    this.#measured.count('no-applied-offset', 'starts-anew', 1)
    this.#starts.note(stateKey, fromOffset)
  }

  reportNewLog(stateKey: StateKey, appliedOffset: number): void {
    this.#lines.write('log-created-again', stateKey.topic, { ...stateKey, appliedOffset })
  }

  reportRangeReadBack(stateKey: StateKey, range: OffsetRange): void {
    this.#measured.count('range-read-back', 'never-delivered', countOffsets(range))
    this.#lines.write('range-read-back', formatPartition(stateKey), { ...stateKey, ...range })
  }

  reportFailuresNotKept(stateKey: StateKey, records: number): void {
    this.#measured.count('range-read-back', 'failures-not-kept', records)
    this.#lines.write('failures-not-kept', formatPartition(stateKey), { ...stateKey, records })
  }

  reportExpired(stateKey: StateKey, range: OffsetRange): void {
    this.#measured.count('expired', 'not-in-the-log', countOffsets(range))
    this.#lines.write('records-lost', formatPartition(stateKey), { ...stateKey, ...range })
  }

  reportFailureMemory(stateKey: StateKey, { bytes, forgotten }: FailureMemory, limit: number): void {
    this.#measured.count('failure-memory', 'nearly-full', 1)
    if (forgotten > 0) this.#measured.count('failure-memory', 'forgotten', forgotten)
    const used = { ...stateKey, bytes, limit }
    if (forgotten === 0) this.#lines.write('failure-memory-nearly-full', '', used)
    else this.#lines.write('failures-forgotten', '', { ...used, forgotten })
  }

  reportClockGap(stateKey: StateKey, _beforeOffset: number, ms: number): void {
    this.#measured.count('clock-gap', 'no-records', 1)
    this.#gaps.note(stateKey, ms)
  }

  reportTimedByProducers(stateKey: StateKey, fromOffset: number): void {
    this.#measured.count('timed-by-producers', 'create-time', 1)
    this.#lines.write('timed-by-producers', stateKey.topic, { ...stateKey, fromOffset })
  }

  reportContextUnreadable(stateKey: StateKey, _why: string): void {
    this.#measured.count('context-unreadable', 'other-code', 1)
    this.#lines.write('context-unreadable', stateKey.topic, { ...stateKey })
  }

  reportMisrouted(stateKey: StateKey, fromOffset: number, count: number): void {
    this.#measured.count('misrouted', 'another-partitioner', count)
    this.#lines.write('misrouted', stateKey.topic, { ...stateKey, fromOffset, records: count })
  }

  reportBreakerOpen(stateKey: StateKey, sinceMs: number, failure?: Failure): void {
    this.#measured.count('breaker-open', 'surge', 1)
    const since = new Date(sinceMs).toISOString()
    this.#lines.write('breaker-open', '', { ...stateKey, since, ...(failure && describeFailure(failure)) })
  }

  /** Called at the end of an invocation. Writes the metrics of the invocation and, if anything happened, one summary line. */
  flush(): void {
    const ms = this.#progress.elapsedMs(this.#now())
    const { lagMs } = this.#progress
    const { counts } = this.#measured
    this.#tellOfPartitions()
    try {
      this.#measured.flush({ ms, lagMs })
    } catch (error) {
      // Everything is decided and published, so a failure to report it must not cause a redelivery of the batch.
      this.#lines.write('metrics-not-written', '', describeError(error))
    }
    if (Object.keys(counts).length === 0) return
    const lag = lagMs === undefined ? {} : { lagSeconds: lagMs / 1000 }
    this.#logger.info('batch', { records: this.#records, counts, ms, ...lag })
  }

  /** Counts the entities that decisions have held or released. */
  #countHolds(stateKey: StateKey, decisions: readonly Decision[]): void {
    for (const decision of decisions) {
      const { hold, failure } = decision
      if (hold === 'begins' && failure) this.#measured.count('held', failure.code, 1)
      else if (hold !== undefined && hold !== 'begins' && hold !== 'stays') {
        this.#measured.count('released', hold, 1)
        if (hold === 'full' || hold === 'time')
          this.#lines.write('order-given-up', hold, { ...stateKey, ...describeDecision(decision) })
      }
    }
  }

  /**
   * Writes one line for all records of a batch that failed in the same way, with details of the first record and the number of
   * records.
   */
  #logFailures(stateKey: StateKey, group: readonly Decision[]): void {
    const first = group[0] as Decision
    const failure = first.failure as Failure
    this.#lines.write('records-failed', failure.code, {
      ...stateKey,
      ...describeDecision(first),
      code: failure.code,
      ...describeFailure(failure),
      records: group.length,
    })
  }

  #tellOfPartitions(): void {
    for (const { consumer, topic, values } of this.#gaps.take()) {
      const ms = Math.max(...values.values())
      this.#lines.write('clock-gap', topic, { consumer, topic, partitions: values.size, ms })
    }
    for (const { consumer, topic, values } of this.#starts.take()) {
      const fromOffsets = Object.fromEntries(values)
      this.#lines.write('no-applied-offset', topic, { consumer, topic, partitions: values.size, fromOffsets })
    }
  }
}

function formatPartition({ topic, partition }: StateKey): string {
  return `${topic}/${partition}`
}

function countOffsets({ fromOffset, toOffset }: OffsetRange): number {
  return toOffset - fromOffset + 1
}
