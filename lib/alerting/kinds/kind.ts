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
  /**
   * Reads the keys of a row, and reports combinations that can never take effect. Returns undefined for a row
   * that lacks the keys, or has errors.
   */
  read(given: RuleRow, subject: Subject): Own | undefined
  /** Returns the keys in the form of a rule file. */
  row(own: Own): Row
}

/** Kind that decides which values are bad. A rule has exactly one condition. */
export interface ConditionKind<Own> extends Kind<Own> {
  readonly role: 'condition'
  /** Reason for rejecting `unit` and measures in a rule of this kind; absent if they are allowed. */
  readonly alone?: string
  /** Stored state, for a kind that depends on earlier readings. */
  readonly memory?: Memory<Own>
  /**
   * Returns whether the value has the type that the kind compares. A reading with another type counts as one without the metric.
   */
  isValue(value: unknown): value is Value
  /** Returns whether the value is bad for a rule that does not fire yet. */
  fires(own: Own, value: Value): boolean
  /** Returns whether the value keeps an alert firing. */
  holds(own: Own, value: Value): boolean
  /** Returns the limit that a value is compared with; undefined if it is not a number. */
  threshold?(own: Own, which: 'fire' | 'clear', value: Value): number | undefined
  readonly words: {
    /** Returns the text after the metric, such as `above 40 °C` or `is degraded`. */
    text(own: Own, unit: string | undefined): string
    /** Returns the text in the summary of a pattern. Absent if patterns do not support the kind. */
    inPatterns?(own: Own, unit: string | undefined): string
    /** Returns the end of the default summary. */
    summary(own: Own): string
    /** Returns the text of `{{threshold}}`, for thresholds that are not numbers. */
    threshold?(own: Own): string
  }
  /** Returns the threshold lines and the states for a chart. */
  chart?(own: Own): Chart
}

interface Chart {
  readonly fire?: Limits
  readonly clear?: Limits
  readonly states?: readonly string[]
}

/** Kind that derives the number to compare from the current and earlier readings. A rule has at most one measure. */
export interface MeasureKind<Own> extends Kind<Own> {
  readonly role: 'measure'
  readonly memory: Memory<Own>
  /**
   * Unit of the derived number, and the reason why thresholds have it. By default the number is a difference
   * in the unit of the metric.
   */
  readonly unit?: { readonly symbol: string; readonly because: string }
  readonly words: {
    /** Returns the name of the derived number, such as `change of temperature over 10 min`. */
    text(own: Own, metric: string): string
    /** Text that replaces `is {{value}}` in the default summary. */
    readonly summary: string
  }
}

/** State of a kind for one entity and metric, stored as JSON. Rules with equal keys share it. */
export interface Memory<Own> {
  key(own: Own): string
  /** Maximum size of the state in bytes, independent of the rate of readings. */
  readonly largestBytes: number
  /** Additional placeholders for summaries. */
  readonly placeholders?: readonly string[]
  /**
   * Compares a value with earlier readings.
   *
   * @param state state that the previous call returned
   * @param timeMs time of the reading, not before that of the previous call; if equal, the reading replaces the previous one
   */
  compare(own: Own, state: object | undefined, timeMs: number, value: number): Comparison
}

export interface Comparison {
  readonly state: object
  /** Derived number; null while there are too few earlier readings. */
  readonly value: number | null
  /** Values of the additional placeholders, in the unit of the metric. */
  readonly words?: Readonly<Record<string, number>>
}

/** Properties of a rule that the reader of another key needs. Undefined for keys with an error. */
export interface Subject {
  readonly family: FamilyName | undefined
  readonly metric: string | undefined
  readonly measure?: Pick<MeasureKind<never>, 'unit' | 'keys'> | undefined
}
