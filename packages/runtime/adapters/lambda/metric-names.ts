/** Definitions of all metrics of the engine, used by the code that writes them and by the alarms of a deployment. */
import type { FailureCode } from '../../consumer/failure-codes.ts'
import type { Decision } from '../../pipeline/model/decision.ts'
import type { DeferredReason, ReleaseReason } from '../../pipeline/model/reasons.ts'

/** Returns the CloudWatch namespace of an application. */
export function toNamespace(application: string): string {
  return `${application.charAt(0).toUpperCase()}${application.slice(1)}`
}

/**
 * Dimension sets of metrics: for a function as a whole, and by reason. The environment is a dimension so that values of different
 * environments are never added up.
 */
export const DIMENSIONS = {
  whole: ['environment', 'service'],
  byReason: ['environment', 'service', 'reason'],
} as const

/**
 * Counters with the types of their reasons. The reason of a decision is a reason from `reasons.ts`, a failure code, or a reason of
 * a consumer.
 */
export interface Counters extends Record<Decision['outcome'], string> {
  /** Counts held entities. The reason is the code of the failure that is retried. */
  readonly held: FailureCode
  readonly released: ReleaseReason
  readonly redelivered: 'at-or-below-applied-offset'
  readonly deferred: DeferredReason
  /** Counts attempts in which a receiver did not accept a record. */
  readonly 'offer-failed': 'not-accepted' | 'threw'
  readonly 'dead-letters': 'sent'
  readonly 'breaker-open': 'surge'
  readonly refused: 'never-taken'
  readonly 'outbox-not-trimmed': 'trim-failed'
  readonly 'range-read-back': 'never-delivered' | 'failures-not-kept'
  readonly expired: 'not-in-the-log'
  readonly 'no-applied-offset': 'starts-anew'
  readonly 'failure-memory': 'nearly-full' | 'forgotten'
  readonly 'clock-gap': 'no-records'
  readonly 'timed-by-producers': 'create-time'
  readonly 'context-unreadable': 'other-code'
  readonly misrouted: 'another-partitioner'
  /** Counts dropped spans. The reason comes from the exporter. */
  readonly 'spans-dropped': string
}

/** A step of the pipeline that calls Redis or Kafka. */
export type TimedStep = 'load' | 'commit' | 'trimOutbox' | 'publish' | 'read'

/** Unit of a metric, with CloudWatch's spelling. */
export type Unit = 'Count' | 'Seconds' | 'Milliseconds'

type MetricName = keyof Counters | `${TimedStep}Ms` | 'latencyMs' | 'invocationMs' | 'lagSeconds'

/** Unit of each metric. Counters and `latencyMs` are reported by reason. */
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
