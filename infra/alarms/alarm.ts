/** Types of alarms, independent of CloudFormation. */

import type { DeclaredFunction } from '../../control/environment/functions.ts'
import type { NamedPlace } from '../place/place.ts'
import type { Metric, Query } from './metrics.ts'

/** Cause of alarms. Alarms with the same cause send a single notification. */
export type CauseName =
  | 'redis'
  | 'kafka'
  | 'progress'
  | 'functions'
  | 'code'
  | 'data'
  | 'dead-letters'
  | 'receivers'

/** A place with alarms, and the functions that are deployed to it. */
export type Deployed = NamedPlace & {
  readonly stage: string
  readonly functions: readonly DeclaredFunction[]
  readonly alarms: NonNullable<NamedPlace['alarms']>
}

/**
 * How an alarm evaluates periods without data.
 *
 * - `breaching`: the period counts as beyond the threshold. For metrics that must always be reported.
 * - `notBreaching`: the period counts as within the threshold. For metrics that are reported only when something happens.
 * - `ignore`: the alarm keeps its state.
 */
type Missing = 'breaching' | 'notBreaching' | 'ignore'

/** Metric or expression that an alarm compares with its threshold. */
export type WatchedValue =
  | { readonly metric: Metric; readonly statistic: 'Sum' | 'Maximum' | 'p99' }
  | { readonly query: Query }
  | { readonly expression: string; readonly sums: Readonly<Record<string, Metric>> }

/** Value that an alarm watches, with deviations from the settings of the alarm's kind. */
export interface Watched {
  /** Suffix that distinguishes the names of alarms of the same kind; absent if the kind has only one alarm. */
  readonly of?: string
  readonly value: WatchedValue
  readonly missing?: Missing
  readonly above?: number
  readonly periodSeconds?: number
}

/** A kind of alarm. Its key in the table is also its heading in docs/runbook.md. */
export interface AlarmKind {
  /** Description of the alarm in one sentence. */
  readonly says: string
  /** Cause whose composite alarm sends the notification. */
  readonly cause: CauseName
  /** Returns the watched values of a deployment. Use a function from `watched-values.ts`. */
  readonly watches: (deployed: Deployed) => readonly Watched[]
  /** Upper threshold: the alarm fires when the value is greater than this. Defaults to 0, so that a single occurrence is enough. */
  readonly above?: number
  /** Lower threshold: the alarm fires when the value is less than this. Replaces `above`. */
  readonly below?: number
  /** Length of a period in minutes; default 1. */
  readonly minutes?: number
  /** Number of evaluated periods; default 1. */
  readonly periods?: number
  /** Number of periods that must be beyond the threshold; default all. */
  readonly breaching?: number
  /** Treatment of missing data; default `notBreaching`. */
  readonly missing?: Missing
  /** Why this threshold and duration were chosen. */
  readonly because: string
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
}
