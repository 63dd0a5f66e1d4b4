/** The shapes of alarms, independent of CloudFormation. */

import type { DeclaredFunction } from '../../lib/app/functions.ts'
import type { Schedules } from '../schedules.ts'
import type { CauseName } from './causes.ts'
import type { Metric, Query } from './metrics.ts'

/** A deployment, as far as alarms and dashboard depend on it. */
export interface Deployed {
  readonly stage: string
  readonly env: string
  readonly functions: readonly DeclaredFunction[]
  readonly schedules: Schedules
  readonly clusterArn: string
  /** ARN of the queue of records that Lambda has given up. */
  readonly onFailureQueue?: string
  readonly alarms: Alarming
}

/** Settings of a deployment for its alarms. */
export interface Alarming {
  /** Whether there are alarms. There is a dashboard in any case. */
  readonly enabled: boolean
  /** The topic for what cannot wait; absent, the alarms only change their state. */
  readonly topicArn?: string
  /** The topic for what can wait until the next working day; absent, it is the same. */
  readonly soonTopicArn?: string
  /** Address or path of the runbook, to which each alarm adds its heading. */
  readonly runbook: string
  /** Capacity in bytes per second: of one broker or, with MSK Serverless, of the cluster. */
  readonly capacity: { readonly bytesIn: number; readonly bytesOut: number }
  /** Cache of ElastiCache; missing if it is unknown. */
  readonly cache?: Cache
}

export type Cache =
  | { readonly kind: 'serverless'; readonly name: string; readonly bytes: number }
  | { readonly kind: 'nodes'; readonly nodes: readonly string[] }

/**
 * Treatment of a minute without data. - `breaching`: there should always be data, so its absence is an alarm; - `notBreaching`:
 * there is only data after certain events; - `ignore`: the alarm stays as it is.
 */
type Missing = 'breaching' | 'notBreaching' | 'ignore'

/** How the value comes about that an alarm compares. */
export type Value =
  | { readonly metric: Metric; readonly statistic: 'Sum' | 'Maximum' | 'p99' }
  | { readonly query: Query }
  | {
      readonly expression: string
      readonly metrics: Readonly<Record<string, { readonly metric: Metric; readonly statistic: 'Sum' }>>
    }

/** One thing that an alarm of a kind watches. */
export interface Watched {
  /** Tells apart the alarms of one kind: the last part of its name; absent where the kind has one alarm. */
  readonly of?: string
  readonly value: Value
  /** Instead of that of the kind. */
  readonly missing?: Missing
  /** Instead of those of the kind. */
  readonly periodSeconds?: number
}

/** When there is an alarm: so many of the latest periods are beyond the threshold. */
export interface When {
  readonly above: number
  /** Instead of `above`. */
  readonly below?: number
  /** Other thresholds, by the name of the stage: some stages may be worse, or are on purpose. */
  readonly stages?: Readonly<Record<string, number>>
  readonly periodSeconds: number
  readonly periods: number
  /** How many of the periods are beyond the threshold. */
  readonly breaching: number
  /** Why this threshold, and this long. */
  readonly because: string
}

/** A kind of alarm: its key is its heading in docs/runbook.md. */
export interface AlarmKind extends Pick<When, 'below' | 'stages' | 'because'> {
  /** One sentence that people read first. */
  readonly says: string
  /** The composite alarm that rings for it. */
  readonly cause: CauseName
  /** `now` wakes people; `soon` can wait for the next working day. */
  readonly urgency: 'now' | 'soon'
  /** One of `sources.ts`. */
  readonly watches: (deployed: Deployed) => readonly Watched[]
  /** Default 0: a single one is too many. */
  readonly above?: number | ((deployed: Deployed) => number)
  /** Length of a period. Default 1. */
  readonly minutes?: number
  /** Default 1. */
  readonly periods?: number
  /** Default: all periods. */
  readonly breaching?: number
  /** Default `notBreaching`. */
  readonly missing?: Missing
}

/** When there is an alarm of a kind in a deployment, with its defaults. */
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
  /** Key in the table. */
  readonly kind: string
  /** Name in the account; begins with the stack's name. */
  readonly name: string
  /** Logical id in the template. */
  readonly logicalId: string
  readonly watched: Watched
  readonly when: When
}

/** The threshold of an alarm in a stage. */
export function thresholdOf({ above, below, stages }: When, stage: string): number {
  return stages?.[stage] ?? below ?? above
}
