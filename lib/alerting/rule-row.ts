/** Arguments and helpers that all readers of rule rows share. */
import { parseDuration } from '../support/duration.ts'
import type { Families } from '../telemetry/families.ts'
import { findMetricKind, type MetricKind } from '../telemetry/metric-kinds.ts'
import { findMetricUnit } from '../telemetry/metric-names.ts'
import type { TablePlan } from '../views/plan.ts'

export type RuleFileRow = Readonly<Record<string, unknown>>
type Report = (key: string, message: string, below?: readonly (string | number)[]) => void

/** Row of a rule file, without the keys for which an error has been reported. */
export interface RuleRow {
  readonly row: RuleFileRow
  /** Returns the value of a key; undefined if it is missing or invalid. */
  of<Value>(key: string): Value | undefined
  readonly report: Report
  readonly families: Families
  /**
   * True if the rules were read from the log. They were checked when they were activated. A check that has been added since must
   * not reject them.
   */
  readonly isFromLog: boolean
  /** Tables that rules can watch; undefined if the plan of the tables is unknown. */
  readonly tables?: readonly TablePlan[] | undefined
}

/** Returns the unit of a metric; undefined if its values are states, or if the family does not have the metric. */
export function findUnit(
  families: Families,
  family: string | undefined,
  metric: string | undefined,
): string | undefined {
  const found = family === undefined ? undefined : families.byName[family]
  return found === undefined || metric === undefined ? undefined : findMetricUnit(found, metric)
}

/** Returns what a metric of a family is; a gauge for a column of a table. */
export function findKind(
  families: Families,
  family: string | undefined,
  metric: string | undefined,
): MetricKind {
  const found = family === undefined ? undefined : families.byName[family]
  return found === undefined || metric === undefined ? 'gauge' : findMetricKind(found, metric)
}

/** Returns whether the values of a metric are states, which are texts. */
export function isState(families: Families, family: string | undefined, metric: string | undefined): boolean {
  const states = family === undefined ? undefined : families.byName[family]?.states
  return states !== undefined && metric !== undefined && Object.hasOwn(states, metric)
}

/**
 * Reads a duration, and returns it in milliseconds. Reports an error for 0. Returns undefined if the duration is missing or
 * invalid.
 */
export function readPositiveDuration({ of, report }: RuleRow, key: string): number | undefined {
  const raw = of(key)
  if (raw === undefined) return undefined
  const ms = parseDuration(raw) ?? 0
  if (ms > 0) return ms
  report(key, 'must be a duration greater than 0')
  return undefined
}

/** Formats a duration in seconds, as rule sets store it. Durations in rule files are whole seconds. */
export function formatSeconds(ms: number): string {
  return `${ms / 1000}s`
}
