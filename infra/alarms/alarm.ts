/** Types of alarms, independent of CloudFormation. */

import type { DeclaredFunction } from '../../lib/app/functions.ts'
import type { Schedules } from '../schedules.ts'
import type { CauseName } from './causes.ts'
import type { Metric, Query } from './metrics.ts'

/** Properties of a deployment that alarms and dashboard depend on. */
export interface Deployed {
  readonly stage: string
  readonly env: string
  readonly functions: readonly DeclaredFunction[]
  readonly schedules: Schedules
  readonly clusterArn: string
  /** ARN of the queue of records that Lambda has discarded. */
  readonly onFailureQueue?: string
  readonly alarms: Alarming
}

/** Alarm settings of a deployment. */
export interface Alarming {
  /** True if alarms are created. The dashboard is always created. */
  readonly enabled: boolean
  /** SNS topic for urgent alarms. If absent, alarms only change their state. */
  readonly topicArn?: string
  /** SNS topic for alarms that can wait until the next working day; defaults to `topicArn`. */
  readonly soonTopicArn?: string
  /** URL or path of the runbook. Each alarm appends its heading. */
  readonly runbook: string
  /** Capacity in bytes per second, of one broker or of an MSK Serverless cluster. */
  readonly capacity: { readonly bytesIn: number; readonly bytesOut: number }
  /** ElastiCache cache to watch; absent if unknown. */
  readonly cache?: Cache
}

export type Cache =
  | { readonly kind: 'serverless'; readonly name: string; readonly bytes: number }
  | { readonly kind: 'nodes'; readonly nodes: readonly string[] }

/**
 * Treatment of periods without data.
 *
 * - `breaching`: data should always exist, so missing data counts as an alarm.
 * - `notBreaching`: data exists only after certain events.
 * - `ignore`: the alarm keeps its state.
 */
type Missing = 'breaching' | 'notBreaching' | 'ignore'

/** Value that an alarm compares with its threshold. */
export type Value =
  | { readonly metric: Metric; readonly statistic: 'Sum' | 'Maximum' | 'p99' }
  | { readonly query: Query }
  | {
      readonly expression: string
      readonly metrics: Readonly<Record<string, { readonly metric: Metric; readonly statistic: 'Sum' }>>
    }

/** A value that an alarm watches. */
export interface Watched {
  /** Suffix of the alarm's name, which distinguishes alarms of the same kind; absent for a kind with a single alarm. */
  readonly of?: string
  readonly value: Value
  /** Overrides the kind's treatment of missing data. */
  readonly missing?: Missing
  /** Overrides the kind's period. */
  readonly periodSeconds?: number
}

/** Condition of an alarm: a number of the latest periods is beyond a threshold. */
export interface When {
  readonly above: number
  /** Lower threshold, used instead of `above`. */
  readonly below?: number
  /** Thresholds of individual stages, for stages with lower requirements. */
  readonly stages?: Readonly<Record<string, number>>
  readonly periodSeconds: number
  readonly periods: number
  /** Number of periods that must be beyond the threshold. */
  readonly breaching: number
  /** Reason for this threshold and duration. */
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
  /** Source of the watched values, one of `sources.ts`. */
  readonly watches: (deployed: Deployed) => readonly Watched[]
  /** Threshold; default 0, so that a single occurrence raises the alarm. */
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
