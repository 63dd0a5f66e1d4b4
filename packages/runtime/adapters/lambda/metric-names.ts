/** Names of all metrics of the engine, for the code that writes them and for the alarms of a deployment. */
import type { Decision } from '../../pipeline/model/decision.ts'
import type { Report } from '../../pipeline/model/report.ts'

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

/** Counter by reason. The reason of a decision is from `reasons.ts`, a failure code, or a reason of a consumer. */
export type CounterName =
  | Exclude<Report['kind'], 'decisions' | 'failures-not-kept' | 'log-created-again'>
  | Decision['outcome']
  // Entities that decisions hold or release.
  | 'held'
  | 'released'

/**
 * Metrics of alarms: counters of the function as a whole and, as `counter/reason`, by reason. CloudWatch charges for each metric, so
 * all others are only in the log line of their batch.
 */
export const COUNTED = [
  'breaker-open',
  'deferred',
  'deferred/broker-unavailable',
  'deferred/log-unreadable',
  'deferred/store-unavailable',
  'expired',
  'failed/too-many-new-entities',
  'failed/unexpected-error',
  'failure-memory/forgotten',
  'failure-memory/nearly-full',
  'misrouted',
  'no-applied-offset',
  'offer-failed',
  'parked-failed/unexpected-error',
  'range-read-back',
  'refused',
  'released/full',
  'released/time',
  'timed-by-producers',
  'timer/timer-failed',
  'timer/timer-rejected',
] as const satisfies readonly (CounterName | `${CounterName}/${string}`)[]

/** A step of the pipeline that calls Redis or Kafka. */
export type TimedStep = 'load' | 'commit' | 'trimOutbox' | 'publish' | 'read'

/** Field of the log line of a batch: the longest duration in milliseconds. `publishMs` is also a metric, with each duration. */
export type DurationName = `${TimedStep}Ms` | 'latencyMs'

/** Name of a metric that alarms watch, with its reason if it is a metric by reason. */
export type MetricName = (typeof COUNTED)[number] | 'publishMs' | 'lagSeconds'
