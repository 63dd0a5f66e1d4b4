/** What the readers of a rule's row are given. */
import { FAMILIES, type FamilyName } from '../telemetry/families.ts'
import type { RuleKey } from './rule-schema.ts'

export type Row = Readonly<Record<string, unknown>>
type Report = (key: RuleKey, message: string, below?: readonly (string | number)[]) => void

/** A row, without the keys that have an error already. */
export interface Given {
  readonly row: Row
  /** The value of a key; undefined if it is missing or wrong. */
  of<Value>(key: RuleKey): Value | undefined
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
