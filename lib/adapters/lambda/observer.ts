import type { Logger } from '@aws-lambda-powertools/logger'
import type { Metrics } from '@aws-lambda-powertools/metrics'
import type { Fault } from '../../domain/failure/codes.ts'
import type { Decision, Observer, OutboxEntry, Slot, Stretch, Waiting } from '../../pipeline/ports.ts'
import { detailsOf, explanation, failureOf } from './details.ts'
import { Measurements, type TimedStep } from './measurements.ts'
import { PerTopic } from './per-topic.ts'
import { Progress } from './progress.ts'
import { Repeats } from './repeats.ts'

/** Makes spans of decisions. */
export interface Tracer {
  /** @param during from when to when the partition was at work on them */
  decided(slot: Slot, decisions: readonly Decision[], during: During): void
}

interface During {
  readonly fromMs: number
  readonly toMs: number
}

/** Writes what the pipeline reports as structured logs and as CloudWatch embedded metrics; payloads never. */
export class LambdaObserver implements Observer {
  readonly #logger: Logger
  readonly #measured: Measurements
  readonly #now: () => number
  readonly #repeats: Repeats
  #progress: Progress
  #records = 0
  /** How long partitions were silent, in milliseconds. */
  readonly #gaps = new PerTopic()
  /** From which offset partitions are read that the store does not know. */
  readonly #starts = new PerTopic()
  #tracer: Tracer | undefined

  constructor(logger: Logger, metrics: Metrics, now: () => number = Date.now) {
    this.#logger = logger
    this.#measured = new Measurements(metrics)
    this.#now = now
    this.#repeats = new Repeats(undefined, now)
    this.#progress = new Progress(now())
  }

  /** From now on spans are made as well. */
  traceTo(tracer: Tracer): void {
    this.#tracer = tracer
  }

  /** An invocation begins. */
  begin(): void {
    this.#progress = new Progress(this.#now())
    this.#records = 0
  }

  decided(slot: Slot, decisions: readonly Decision[]): void {
    const nowMs = this.#now()
    const sinceMs = this.#progress.decided(slot, decisions, nowMs)
    const groups = Map.groupBy(decisions, ({ outcome, reason }) => `${outcome}/${reason}`)
    for (const group of groups.values()) {
      const { outcome, reason, fault } = group[0] as Decision
      this.#measured.count(outcome, reason, group.length)
      if (fault) this.#failed(slot, group)
      // A timer was never appended.
      if (outcome === 'timer') continue
      this.#records += group.length
      for (const { appendMs } of group) this.#measured.latency(reason, Math.max(0, nowMs - appendMs))
    }
    this.#tracer?.decided(slot, decisions, { fromMs: sinceMs, toMs: nowMs })
    if (this.#logger.getLevelName() === 'DEBUG')
      for (const decision of decisions) this.#logger.debug('decided', { ...slot, ...detailsOf(decision) })
  }

  redelivered(slot: Slot, count: number): void {
    this.#measured.count('redelivered', 'at-or-below-mark', count)
    this.#logger.debug('decided before, dropped now', { ...slot, records: count })
  }

  /** A call of a port has ended. */
  took(step: TimedStep, ms: number): void {
    this.#measured.step(step, ms)
  }

  /** Spans that nobody has. */
  spansDropped(count: number, reason: string, details: Record<string, unknown> = {}): void {
    this.#measured.count('spans-dropped', reason, count)
    this.#say(
      'warn',
      { kind: 'spans-dropped' },
      'spans are dropped: the records are processed without them',
      {
        spans: count,
        reason,
        ...details,
      },
    )
  }

  waiting(slot: Slot, { fromOffset, appendMs, reason, error }: Waiting): void {
    this.#progress.waits(slot, appendMs, this.#now())
    this.#measured.count('held', reason, 1)
    const kind = { kind: 'deferred', of: reason }
    this.#say('error', kind, 'a partition waits: its records stay in Kafka', {
      ...slot,
      fromOffset,
      reason,
      ...failureOf(error),
    })
  }

  unsettled(slot: Slot, count: number, error: unknown): void {
    this.#measured.count('unsettled', 'settle-failed', count)
    this.#say(
      'warn',
      { kind: 'outbox-not-trimmed' },
      'published, but not settled: the next batch publishes these again',
      {
        ...slot,
        count,
        ...failureOf(error),
      },
    )
  }

  refused(slot: Slot, entries: readonly OutboxEntry[], error: unknown): void {
    this.#measured.count('refused', 'never-taken', entries.length)
    const [first] = entries
    this.#say(
      'error',
      { kind: 'records-refused', of: String(first?.to) },
      'Kafka refuses records for good: failure records stand in their place. Are the limits of its topics as they should be?',
      { ...slot, to: first?.to, position: first?.position, count: entries.length, ...failureOf(error) },
    )
  }

  startsWithoutMark(slot: Slot, fromOffset: number): void {
    this.#measured.count('no-mark', 'starts-anew', 1)
    this.#starts.note(slot, fromOffset)
  }

  stretchMissing(slot: Slot, stretch: Stretch): void {
    this.#measured.count('stretch-missing', 'never-delivered', lengthOf(stretch))
    this.#say(
      'error',
      { kind: 'range-read-back', of: `${slot.topic}/${slot.partition}` },
      'offsets that were never delivered, or that the store forgot, are read from the log',
      { ...slot, ...stretch },
    )
  }

  expired(slot: Slot, stretch: Stretch): void {
    this.#measured.count('expired', 'not-in-the-log', lengthOf(stretch))
    this.#say(
      'error',
      { kind: 'records-lost', of: `${slot.topic}/${slot.partition}` },
      'offsets that were never processed are no longer in the log: what they held is lost',
      { ...slot, ...stretch },
    )
  }

  blind(slot: Slot, _beforeOffset: number, ms: number): void {
    this.#measured.count('blind', 'no-records', 1)
    this.#gaps.note(slot, ms)
  }

  strayed(slot: Slot, fromOffset: number, count: number): void {
    this.#measured.count('strayed', 'another-partitioner', count)
    this.#say(
      'error',
      { kind: 'misrouted', of: slot.topic },
      "records are not where Kafka's own partitioning puts their keys: does a producer use another partitioner?",
      { ...slot, fromOffset, records: count },
    )
  }

  flooded(slot: Slot, sinceMs: number, fault?: Fault): void {
    this.#measured.count('flood', 'held-back', 1)
    this.#say(
      'error',
      { kind: 'breaker-open' },
      'nearly all records fail unexpectedly: they stay in Kafka until the code changes or the gate is released',
      { ...slot, since: new Date(sinceMs).toISOString(), ...(fault && explanation(fault)) },
    )
  }

  /** An invocation ends: writes its metrics, and one line where anything happened. */
  flush(): void {
    const ms = this.#progress.elapsedMs(this.#now())
    const { lagMs } = this.#progress
    const { counts } = this.#measured
    this.#tellOfPartitions()
    try {
      this.#measured.flush({ ms, lagMs })
    } catch (error) {
      // All is decided and published: a batch must not come again because of what is told of it.
      this.#say(
        'error',
        { kind: 'metrics-not-written' },
        'the metrics of an invocation cannot be written',
        failureOf(error),
      )
    }
    if (Object.keys(counts).length === 0) return
    const lag = lagMs === undefined ? {} : { lagSeconds: lagMs / 1000 }
    this.#logger.info('batch', { records: this.#records, counts, ms, ...lag })
  }

  /** One line for all records of a batch that failed in the same way: the first of them, and how many there are. */
  #failed(slot: Slot, group: readonly Decision[]): void {
    const first = group[0] as Decision
    const { code } = first.fault as Fault
    const kind = { kind: 'records-failed', of: code }
    this.#say('warn', kind, 'records cannot be processed and leave as failures', {
      ...slot,
      ...detailsOf(first),
      code,
      ...explanation(first.fault as Fault),
      records: group.length,
    })
  }

  #tellOfPartitions(): void {
    for (const { consumer, topic, values } of this.#gaps.take())
      this.#say(
        'warn',
        { kind: 'clock-gap', of: topic },
        'the log was silent for longer than its clock may advance in one step: is the clock function running?',
        { consumer, topic, partitions: values.size, ms: Math.max(...values.values()) },
      )
    for (const { consumer, topic, values } of this.#starts.take())
      this.#say(
        'warn',
        { kind: 'no-applied-offset', of: topic },
        'the store knows nothing of partitions that have a past: they are read from their beginning',
        { consumer, topic, partitions: values.size, fromOffsets: Object.fromEntries(values) },
      )
  }

  /** @param kind names the line for programs that read it; `of` tells apart what is told of separately */
  #say(
    level: 'warn' | 'error',
    { kind, of = '' }: { readonly kind: string; readonly of?: string },
    message: string,
    details: Record<string, unknown>,
  ): void {
    const unsaid = this.#repeats.due(`${kind}/${of}`)
    if (unsaid === undefined) return
    this.#logger[level](message, { kind, ...details, ...(unsaid > 0 ? { unsaid } : {}) })
  }
}

function lengthOf({ fromOffset, toOffset }: Stretch): number {
  return toOffset - fromOffset + 1
}
