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

/** A step of the pipeline that calls Redis or Kafka. */
export type TimedStep = 'load' | 'commit' | 'trimOutbox' | 'publish' | 'read'

/** Duration in milliseconds. `latencyMs` is reported by reason. */
export type DurationName = `${TimedStep}Ms` | 'latencyMs' | 'invocationMs'

export type MetricName = CounterName | DurationName | 'lagSeconds'
