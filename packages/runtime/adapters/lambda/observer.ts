import type { Logger } from '@aws-lambda-powertools/logger'
import type { Metrics } from '@aws-lambda-powertools/metrics'
import type { StateKey } from '../../pipeline/model/partition-state.ts'
import type { Report, ReportOf } from '../../pipeline/model/report.ts'
import { describeReport, type Remedies, type Telemetry } from './describe-report.ts'
import { InvocationProgress, isOfRecord, PerTopic } from './invocation-progress.ts'
import { describeDecision, describeError } from './log-fields.ts'
import { LogRateLimit } from './log-rate-limit.ts'
import { Measurements } from './measurements.ts'
import type { TimedStep } from './metric-names.ts'

/** Writes the reports of the pipeline as structured logs and as CloudWatch embedded metrics, without payloads. */
export class LambdaObserver {
  readonly #logger: Logger
  readonly #measured: Measurements
  readonly #now: () => number
  readonly #remedies: Remedies
  readonly #rateLimit: LogRateLimit
  #progress: InvocationProgress
  #records = 0
  /** Gaps in the log clock, by topic and partition, in milliseconds. */
  readonly #gaps = new PerTopic()
  /** Start offsets, by topic and partition, of partitions whose state has no applied offset. */
  readonly #starts = new PerTopic()

  /**
   * Creates an observer.
   *
   * @param remedies remedies to log, by the reason why records wait
   */
  constructor(logger: Logger, metrics: Metrics, now: () => number = Date.now, remedies: Remedies = {}) {
    this.#remedies = remedies
    this.#logger = logger
    this.#measured = new Measurements(metrics)
    this.#now = now
    this.#rateLimit = new LogRateLimit(undefined, now)
    this.#progress = new InvocationProgress(now())
  }

  /** Called at the beginning of an invocation. */
  begin(): void {
    this.#progress = new InvocationProgress(this.#now())
    this.#records = 0
  }

  /** Counts and logs a report of the pipeline. */
  readonly report = (report: Report): void => {
    for (const telemetry of describeReport(report, this.#remedies)) this.#write(telemetry, report.stateKey)
    this.#note(report)
  }

  /** Records the duration of a call to a port. */
  recordDuration(step: TimedStep, ms: number): void {
    this.#measured.duration(`${step}Ms`, ms)
  }

  /** Reports that there are no spans although OpenTelemetry is set up. */
  reportUntraced(why: string): undefined {
    this.#write({ warn: `no spans are reported: ${why}`, kind: 'no-spans' })
  }

  /** Called at the end of an invocation. Writes the metrics of the invocation and, if anything happened, one summary line. */
  flush(): void {
    const ms = this.#progress.elapsedMs(this.#now())
    const { lagMs } = this.#progress
    const { counts, longest } = this.#measured.summarize()
    this.#writePartitions()
    try {
      this.#measured.flush(lagMs)
    } catch (error) {
      // Everything is decided and published, so a failure to report it must not cause a redelivery of the batch.
      this.#write({
        error: 'the metrics of an invocation cannot be written',
        kind: 'metrics-not-written',
        details: describeError(error),
      })
    }
    if (Object.keys(counts).length === 0) return
    const lag = lagMs === undefined ? {} : { lagSeconds: lagMs / 1000 }
    this.#logger.info('batch', { records: this.#records, counts, ms, ...longest, ...lag })
  }

  /** Notes what is written for the whole invocation, or for single records. */
  #note(report: Report): void {
    const { kind, stateKey } = report
    if (kind === 'decisions') this.#noteDecisions(report)
    else if (kind === 'deferred') this.#progress.noteWaiting(stateKey, report.appendMs, this.#now())
    else if (kind === 'clock-gap') this.#gaps.note(stateKey, report.ms)
    else if (kind === 'no-applied-offset') this.#starts.note(stateKey, report.fromOffset)
    else if (kind === 'redelivered')
      this.#logger.debug('decided before, dropped now', { ...stateKey, records: report.records })
  }

  #noteDecisions({ stateKey, decisions }: ReportOf<'decisions'>): void {
    const nowMs = this.#now()
    this.#progress.noteDecisions(stateKey, decisions, nowMs)
    for (const { outcome, appendMs } of decisions) {
      if (isOfRecord(outcome)) this.#records += 1
      // A timer has no append time.
      if (outcome !== 'timer') this.#measured.duration('latencyMs', Math.max(0, nowMs - appendMs))
    }
    if (this.#logger.getLevelName() === 'DEBUG')
      for (const decision of decisions)
        this.#logger.debug('decided', { ...stateKey, ...describeDecision(decision) })
  }

  #writePartitions(): void {
    for (const { consumer, topic, values } of this.#gaps.take())
      this.#write({
        warn: 'the log was silent for longer than its clock may advance in one step: check that the clock function runs',
        kind: 'clock-gap',
        of: topic,
        details: { consumer, topic, partitions: values.size, ms: Math.max(...values.values()) },
      })
    for (const { consumer, topic, values } of this.#starts.take())
      this.#write({
        warn: 'the store has no state of partitions with old records: they are read from their beginning',
        kind: 'no-applied-offset',
        of: topic,
        details: { consumer, topic, partitions: values.size, fromOffsets: Object.fromEntries(values) },
      })
  }

  /** Counts at once, and writes the line at a limited rate per kind, because the same condition can last for many batches. */
  #write(telemetry: Telemetry, stateKey?: StateKey): void {
    const { kind, counter, counts = {}, error, warn, of = '', details } = telemetry
    if (counter !== undefined)
      for (const [reason, count] of Object.entries(counts)) this.#measured.count(counter, reason, count)
    const message = error ?? warn
    if (message === undefined) return
    const unsaid = of === null ? 0 : this.#rateLimit.due(`${kind}/${of}`)
    if (unsaid === undefined) return
    const fields = { kind, ...stateKey, ...details, ...(unsaid > 0 ? { unsaid } : {}) }
    this.#logger[error === undefined ? 'warn' : 'error'](message, fields)
  }
}
