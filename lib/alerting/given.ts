/** Arguments of the readers of a rule's row. */
import { parseDuration } from '../duration.ts'
import { FAMILIES, type FamilyName } from '../telemetry/families.ts'

export type Row = Readonly<Record<string, unknown>>
type Report = (key: string, message: string, below?: readonly (string | number)[]) => void

/** A row, without the keys that have an error already. */
export interface RuleRow {
  readonly row: Row
  /** The value of a key; undefined if it is missing or wrong. */
  of<Value>(key: string): Value | undefined
  readonly report: Report
  /** Rules in the log were checked when they were put there: what only warns people must not refuse them today. */
  readonly isFromLog: boolean
}

/** The unit of a metric; undefined for a state, and for what the family does not have. */
export function unitOf(family: FamilyName | undefined, metric: string | undefined): string | undefined {
  if (family === undefined || metric === undefined) return undefined
  const { metrics } = FAMILIES[family]
  return Object.hasOwn(metrics, metric) ? metrics[metric] : undefined
}

/** Reads a duration in milliseconds, and reports 0. Undefined if it is missing or wrong. */
export function positiveDuration({ of, report }: RuleRow, key: string): number | undefined {
  const raw = of(key)
  if (raw === undefined) return undefined
  const ms = parseDuration(raw) ?? 0
  if (ms > 0) return ms
  report(key, 'must be a duration greater than 0')
  return undefined
}

/** Formats a duration as rule sets have it. Rule files have no unit smaller than a second. */
export function inSeconds(ms: number): string {
  return `${ms / 1000}s`
}
