/**
 * Interface of a kind of rule: its keys in a rule file, and their evaluation. Every other file of this folder, except `keys.ts`,
 * defines one kind and exports it by the name of the file. `npm run schemas` generates the list in `all.ts`.
 */
import type { AlertFired } from '../../schemas/types.ts'
import type { MetricKind } from '../../telemetry/metric-kinds.ts'
import type { RuleFileRow, RuleRow } from '../rule-row.ts'
import type { Keys } from './keys.ts'

/** Value of a metric: a number, or the text of a state. */
export type ReadingValue = number | string

/** Limits that a value exceeds if it is greater than `above` or less than `below`. A missing limit is infinite. */
export interface Limits {
  readonly above: number
  readonly below: number
}

interface Kind<Own> {
  readonly keys: Keys
  /** Metrics for which the kind means nothing, with what to write instead. */
  readonly refuses?: Readonly<Partial<Record<MetricKind, string>>>
  /**
   * Reads the keys of a row, and reports combinations that can never take effect. Returns undefined if the row does not have the
   * keys, or if they have errors.
   */
  read(ruleRow: RuleRow, subject: Subject): Own | undefined
  /** Returns the keys and values as in a rule file. */
  row(own: Own): RuleFileRow
}

/** Kind that decides which values are bad. A rule has exactly one condition. */
export interface ConditionKind<Own> extends Kind<Own> {
  readonly role: 'condition'
  /** Reason why rules of this kind must not have `unit` or a measure; absent if both are allowed. */
  readonly alone?: string
  /** State that a kind stores to compare new readings with earlier ones. Alerts then report the value, and how it was compared in words. */
  readonly memory?: Memory<Own>
  /**
   * Returns whether the value has the type that this kind compares. A reading with another type is treated as a reading without the
   * metric.
   */
  isValue(value: unknown): value is ReadingValue
  /** Returns whether a value is bad while the rule is not firing. */
  fires(own: Own, value: ReadingValue): boolean
  /** Returns whether a value keeps a firing alert active. */
  holds(own: Own, value: ReadingValue): boolean
  /** Returns the limit that a value is compared with; undefined if the limit is not a number. */
  threshold?(own: Own, which: 'fire' | 'clear', value: ReadingValue): number | undefined
  readonly words: {
    /** Returns the text that follows the metric, such as `above 40 °C` or `is degraded`. */
    text(own: Own, unit: string | undefined): string
    /** Returns the last part of the default summary. */
    summary(own: Own): string
    /** Returns the text of the placeholder `{{threshold}}`. Only needed for thresholds that are not numbers. */
    threshold?(own: Own): string
  }
  /** Returns the threshold lines and the states to draw in a chart. */
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
   * Unit of the derived number, and the reason why thresholds must use it. By default, the derived number is a difference in the
   * unit of the metric.
   */
  readonly unit?: { readonly symbol: string; readonly because: string }
  readonly words: {
    /** Returns the name of the derived number, such as `change of airMoisture over 10 min`. */
    text(own: Own, metric: string): string
    /** Text that replaces `is {{value}}` in the default summary of a rule with this measure. */
    readonly summary: string
  }
}

/** State of a kind for one entity and metric, stored as JSON. Rules with the same key share it. */
export interface Memory<Own> {
  key(own: Own): string
  /** Maximum size of the state in bytes. The size must not depend on the rate of readings. */
  readonly largestBytes: number
  /** Placeholders that this kind provides for summaries. */
  readonly placeholders?: readonly string[]
  /**
   * Compares a value with earlier readings.
   *
   * @param state state returned by the previous call
   * @param timeMs time of the reading, not before the time of the previous call. If the times are equal, the reading replaces the
   * previous one.
   */
  compare(own: Own, state: object | undefined, timeMs: number, value: number): Comparison
  /** Returns how long the kind still learns before it compares, 0 or less if it compares, and the values that are usual at a time. */
  outlook?(own: Own, state: object, timeMs: number): Outlook
}

interface Outlook {
  readonly learningMs: number
  readonly usual: Limits
}

export interface Comparison {
  readonly state: object
  /** Number that the condition decides on; null while there are too few earlier readings. */
  readonly value: number | null
  readonly words?: Words
}

/**
 * Values of the additional placeholders, which the alert repeats in fields of the same names. Numbers are in the unit of the metric,
 * except `score`, which has none.
 */
export type Words = Pick<AlertFired, 'expected' | 'expectedLow' | 'expectedHigh' | 'score' | 'why'>

/** Properties of a rule on which the readers of its other keys depend. A property is undefined if its key has an error. */
export interface Subject {
  readonly family: string | undefined
  readonly metric: string | undefined
  /** What the metric is. */
  readonly is: MetricKind
  readonly measure?: Pick<MeasureKind<never>, 'unit' | 'keys'> | undefined
}
