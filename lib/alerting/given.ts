/** Arguments that all readers of a rule's row share. */
import { parseDuration } from '../duration.ts'
import { FAMILIES, type FamilyName } from '../telemetry/families.ts'

export type Row = Readonly<Record<string, unknown>>
type Report = (key: string, message: string, below?: readonly (string | number)[]) => void

/** Row of a rule file, without the keys that already have an error. */
export interface RuleRow {
  readonly row: Row
  /** Returns the value of a key; undefined if it is missing or invalid. */
  of<Value>(key: string): Value | undefined
  readonly report: Report
  /**
   * True if the rules come from the log. They were checked when they were activated, so a check that was
   * added since must not reject them.
   */
  readonly isFromLog: boolean
}

/** Returns the unit of a metric; undefined for a state, and for a metric that the family does not have. */
export function unitOf(family: FamilyName | undefined, metric: string | undefined): string | undefined {
  if (family === undefined || metric === undefined) return undefined
  const { metrics } = FAMILIES[family]
  return Object.hasOwn(metrics, metric) ? metrics[metric] : undefined
}

/** Reads a duration in milliseconds. Reports an error for 0. Returns undefined if the duration is missing or invalid. */
export function positiveDuration({ of, report }: RuleRow, key: string): number | undefined {
  const raw = of(key)
  if (raw === undefined) return undefined
  const ms = parseDuration(raw) ?? 0
  if (ms > 0) return ms
  report(key, 'must be a duration greater than 0')
  return undefined
}

/** Returns a duration as rule sets store it. Rule files have no unit smaller than a second. */
export function inSeconds(ms: number): string {
  return `${ms / 1000}s`
}
