/**
 * Interface of a kind of rule: its keys in a rule file, and their evaluation. Each other file of this
 * folder, except `keys.ts`, is one kind, exported by the name of its file. `npm run schemas` lists them in `all.ts`.
 */
import type { FamilyName } from '../../telemetry/families.ts'
import type { Row, RuleRow } from '../given.ts'
import type { Keys } from './keys.ts'

/** Number for limits, text for states. */
export type Value = number | string

/** Limits that a value exceeds if it is greater than `above` or less than `below`. A missing limit is infinite. */
export interface Limits {
  readonly above: number
  readonly below: number
}

interface Kind<Own> {
  readonly keys: Keys
  /** Reads the keys of a row, and reports what could never have an effect. Undefined for a row without them, or with errors. */
  read(given: RuleRow, subject: Subject): Own | undefined
  /** Returns the keys as a rule file has them. */
  row(own: Own): Row
}

/** Decides which values are bad. A rule has exactly one condition: one key that needs no other. */
export interface ConditionKind<Own> extends Kind<Own> {
  readonly role: 'condition'
  /** Reason why `unit` and measures are not allowed. */
  readonly alone?: string
  /** State of a kind that depends on earlier readings. */
  readonly memory?: Memory<Own>
  /** Returns whether the value has the right type; other readings count as readings without the metric. */
  isValue(value: unknown): value is Value
  /** Returns whether the value is bad for a rule that does not fire yet. */
  fires(own: Own, value: Value): boolean
  /** Returns whether the value keeps an alert firing. */
  holds(own: Own, value: Value): boolean
  /** Returns the limit that a value is compared with; undefined if it is not a number. */
  threshold?(own: Own, which: 'fire' | 'clear', value: Value): number | undefined
  readonly words: {
    /** Text after the metric: `above 40 °C`, `is degraded`. */
    text(own: Own, unit: string | undefined): string
    /** Text in the summary of a pattern; absent if patterns do not support the kind. */
    inPatterns?(own: Own, unit: string | undefined): string
    /** End of the default summary. */
    summary(own: Own): string
    /** Text of `{{threshold}}` if it is not a number. */
    threshold?(own: Own): string
  }
  /** Returns the lines and states for a chart. */
  chart?(own: Own): Chart
}

interface Chart {
  readonly fire?: Limits
  readonly clear?: Limits
  readonly states?: readonly string[]
}

/** Kind that derives the compared number from earlier readings, too. A rule has at most one measure. */
export interface MeasureKind<Own> extends Kind<Own> {
  readonly role: 'measure'
  readonly memory: Memory<Own>
  /** Unit of the number, and the reason why thresholds have it. By default differences, in the unit of the metric. */
  readonly unit?: { readonly symbol: string; readonly because: string }
  readonly words: {
    /** Name of the number, such as `change of temperature over 10 min`. */
    text(own: Own, metric: string): string
    /** Replacement of `is {{value}}` in the default summary. */
    readonly summary: string
  }
}

/** State of a kind for each entity and metric, stored as JSON. Rules with the same key share it. */
export interface Memory<Own> {
  key(own: Own): string
  /** Maximum size, whatever the rate of readings. */
  readonly largestBytes: number
  /** Additional placeholders for summaries. */
  readonly placeholders?: readonly string[]
  /**
   * @param state result of the last call; an implementation names its own type
   * @param timeMs not before that of the last call; if equal, the reading replaces the last one
   */
  compare(own: Own, state: object | undefined, timeMs: number, value: number): Comparison
}

export interface Comparison {
  readonly state: object
  /** Derived number; null while there are too few earlier readings. */
  readonly value: number | null
  /** Values of the placeholders, in the unit of the metric. */
  readonly words?: Readonly<Record<string, number>>
}

/** Properties of a rule that other keys refer to; undefined for keys with an error. */
export interface Subject {
  readonly family: FamilyName | undefined
  readonly metric: string | undefined
  readonly measure?: Pick<MeasureKind<never>, 'unit' | 'keys'> | undefined
}
