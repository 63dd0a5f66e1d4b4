/** Types of alarms, independent of CloudFormation. */

import type { DeclaredFunction } from '../../lib/app/functions.ts'
import type { Schedules } from '../schedules.ts'
import type { CauseName } from './causes.ts'
import type { Metric, Query } from './metrics.ts'

/** Properties of a deployment that determine its alarms and its dashboard. */
export interface Deployed {
  readonly stage: string
  readonly env: string
  readonly functions: readonly DeclaredFunction[]
  readonly schedules: Schedules
  readonly clusterArn: string
  /** ARN of the queue for records that Lambda discards. */
  readonly onFailureQueue?: string
  readonly alarms: Alarming
}

/** Alarm settings of a deployment. */
export interface Alarming {
  /** True if alarms are created. The dashboard is always created. */
  readonly enabled: boolean
  /** SNS topic for urgent alarms. If absent, urgent alarms change their state without a notification. */
  readonly topicArn?: string
  /** SNS topic for alarms that can wait until the next working day; defaults to `topicArn`. */
  readonly soonTopicArn?: string
  /** URL or path of the runbook. The description of an alarm links to the alarm's heading there. */
  readonly runbook: string
  /** ElastiCache cache to watch; absent if unknown. */
  readonly cache?: Cache
}

export type Cache =
  | { readonly kind: 'serverless'; readonly name: string; readonly bytes: number }
  | { readonly kind: 'nodes'; readonly nodes: readonly string[] }

/**
 * How an alarm evaluates periods without data.
 *
 * - `breaching`: the period counts as beyond the threshold. For metrics that must always be reported.
 * - `notBreaching`: the period counts as within the threshold. For metrics that are reported only when something happens.
 * - `ignore`: the alarm keeps its state.
 */
type Missing = 'breaching' | 'notBreaching' | 'ignore'

/** Metric or expression that an alarm compares with its threshold. */
export type Value =
  | { readonly metric: Metric; readonly statistic: 'Sum' | 'Maximum' | 'p99' }
  | { readonly query: Query }
  | {
      readonly expression: string
      readonly metrics: Readonly<Record<string, { readonly metric: Metric; readonly statistic: 'Sum' }>>
    }

/** Value that an alarm watches, with deviations from the settings of the alarm's kind. */
export interface Watched {
  /** Suffix that distinguishes the names of alarms of the same kind; absent if the kind has only one alarm. */
  readonly of?: string
  readonly value: Value
  /** Overrides the kind's treatment of missing data. */
  readonly missing?: Missing
  /** Overrides the kind's upper threshold. */
  readonly above?: number
  /** Overrides the kind's period. */
  readonly periodSeconds?: number
}

/** Condition of an alarm. The alarm fires when enough of the latest periods are beyond the threshold. */
export interface When {
  readonly above: number
  /** Lower threshold: the alarm fires when the value is less than this. Replaces `above`. */
  readonly below?: number
  /** Thresholds that replace the general one in individual stages, such as `dev`. */
  readonly stages?: Readonly<Record<string, number>>
  readonly periodSeconds: number
  readonly periods: number
  /** Number of periods that must be beyond the threshold. */
  readonly breaching: number
  /** Why this threshold and duration were chosen. */
  readonly because: string
}

/** A kind of alarm. Its key in the table is also its heading in docs/runbook.md. */
export interface AlarmKind extends Pick<When, 'below' | 'stages' | 'because'> {
  /** Description of the alarm in one sentence. */
  readonly says: string
  /** Cause whose composite alarm sends the notification. */
  readonly cause: CauseName
  /** `now` for alarms that need immediate attention, `soon` for those that can wait until the next working day. */
  readonly urgency: 'now' | 'soon'
  /** Returns the watched values of a deployment. Use a function from `sources.ts`. */
  readonly watches: (deployed: Deployed) => readonly Watched[]
  /** Upper threshold: the alarm fires when the value is greater than this. Defaults to 0, so that a single occurrence is enough. */
  readonly above?: number | ((deployed: Deployed) => number)
  /** Length of a period in minutes; default 1. */
  readonly minutes?: number
  /** Number of evaluated periods; default 1. */
  readonly periods?: number
  /** Number of periods that must be beyond the threshold; default all. */
  readonly breaching?: number
  /** Treatment of missing data; default `notBreaching`. */
  readonly missing?: Missing
}

/** Returns the condition of a kind of alarm in a deployment, with defaults applied. */
export function whenOf(kind: AlarmKind, deployed: Deployed): When {
  const { above = 0, below, stages, minutes = 1, periods = 1, breaching = periods, because } = kind
  return {
    above: typeof above === 'function' ? above(deployed) : above,
    ...(below === undefined ? {} : { below }),
    ...(stages && { stages }),
    periodSeconds: 60 * minutes,
    periods,
    breaching,
    because,
  }
}

/** An alarm of a deployment. */
export interface Alarm {
  /** Key in the table of alarm kinds. */
  readonly kind: string
  /** Name of the alarm, prefixed with the stack's name. */
  readonly name: string
  /** Logical id in the template. */
  readonly logicalId: string
  readonly watched: Watched
  readonly when: When
}

/** Returns the threshold of an alarm in a stage. */
export function thresholdOf({ above, below, stages }: When, stage: string): number {
  return stages?.[stage] ?? below ?? above
}
