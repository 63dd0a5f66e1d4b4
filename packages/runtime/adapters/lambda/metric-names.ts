/** Every metric of the engine, by its name: the code that writes them, and the alarms of a deployment, read this table. */
import type { FailureCode } from '../../consumer/failure-codes.ts'
import type { Decision } from '../../pipeline/model.ts'
import type { DeferredReason, ReleaseReason } from '../../pipeline/reasons.ts'

/** Returns the namespace of an application's metrics in CloudWatch. */
export function namespaceOf(application: string): string {
  return `${application.charAt(0).toUpperCase()}${application.slice(1)}`
}

/** Dimensions of the metrics of a function, and of those by reason. Environments must not be added up. */
export const DIMENSIONS = {
  whole: ['environment', 'service'],
  byReason: ['environment', 'service', 'reason'],
} as const

/** Counting metrics and their reasons. Decisions have those of `reasons.ts`, failure codes and consumers. */
export interface Counters extends Record<Decision['outcome'], string> {
  /** Reason: the code of the failure that is retried. */
  readonly held: FailureCode
  readonly released: ReleaseReason
  readonly redelivered: 'at-or-below-applied-offset'
  readonly deferred: DeferredReason
  /** Records that a receiver did not accept in a try. */
  readonly 'offer-failed': 'not-accepted' | 'threw'
  readonly 'dead-letters': 'sent'
  readonly 'breaker-open': 'surge'
  readonly refused: 'never-taken'
  readonly 'outbox-not-trimmed': 'trim-failed'
  readonly 'range-read-back': 'never-delivered'
  readonly expired: 'not-in-the-log'
  readonly 'no-applied-offset': 'starts-anew'
  readonly 'restored-from-checkpoint': 'state-was-gone'
  readonly 'checkpoint-damaged': 'passed-over'
  readonly 'failure-memory': 'nearly-full' | 'forgotten'
  readonly 'clock-gap': 'no-records'
  readonly 'timed-by-producers': 'create-time'
  readonly 'context-unreadable': 'other-code'
  readonly misrouted: 'another-partitioner'
  /** Reason: the exporter's report. */
  readonly 'spans-dropped': string
}

/** A step of the pipeline that waits for Redis or Kafka. */
export type TimedStep = 'load' | 'commit' | 'trimOutbox' | 'publish' | 'read'

/** Unit as CloudWatch writes it. */
export type Unit = 'Count' | 'Seconds' | 'Milliseconds'

type MetricName = keyof Counters | `${TimedStep}Ms` | 'latencyMs' | 'invocationMs' | 'lagSeconds'

/** The unit of each metric. Counters and `latencyMs` have reasons. */
export const METRICS = {
  applied: 'Count',
  duplicate: 'Count',
  ignored: 'Count',
  failed: 'Count',
  parked: 'Count',
  'parked-applied': 'Count',
  'parked-ignored': 'Count',
  'parked-failed': 'Count',
  'parked-erased': 'Count',
  timer: 'Count',
  held: 'Count',
  released: 'Count',
  redelivered: 'Count',
  deferred: 'Count',
  'offer-failed': 'Count',
  'dead-letters': 'Count',
  'breaker-open': 'Count',
  refused: 'Count',
  'outbox-not-trimmed': 'Count',
  'range-read-back': 'Count',
  expired: 'Count',
  'no-applied-offset': 'Count',
  'restored-from-checkpoint': 'Count',
  'checkpoint-damaged': 'Count',
  'failure-memory': 'Count',
  'clock-gap': 'Count',
  'timed-by-producers': 'Count',
  'context-unreadable': 'Count',
  misrouted: 'Count',
  'spans-dropped': 'Count',
  latencyMs: 'Milliseconds',
  invocationMs: 'Milliseconds',
  loadMs: 'Milliseconds',
  commitMs: 'Milliseconds',
  trimOutboxMs: 'Milliseconds',
  publishMs: 'Milliseconds',
  readMs: 'Milliseconds',
  lagSeconds: 'Seconds',
} as const satisfies Readonly<Record<MetricName, Unit>>
