/**
 * The shape of a kind of rule: keys of a rule file, and everything that the application does with them. Each other file of this
 * folder, except `keys.ts`, is one kind, exported by the name of its file. `npm run schemas` lists them in `all.ts`.
 */
import type { FamilyName } from '../../telemetry/families.ts'
import type { Row, RuleRow } from '../given.ts'
import type { Keys } from './keys.ts'

/** A number for limits, a text for states. */
export type Value = number | string

/** A value is beyond them if it is greater than `above` or less than `below`. A missing limit is infinite. */
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
  /** Reason why neither `unit` nor a measure goes with it. */
  readonly alone?: string
  /** Set where what is compared depends on earlier readings. */
  readonly memory?: Memory<Own>
  /** Returns whether it can judge such a value; a reading with another one counts as a reading without the metric. */
  isValue(value: unknown): value is Value
  /** Returns whether the value is bad for a rule that does not fire yet. */
  fires(own: Own, value: Value): boolean
  /** Returns whether the value keeps an alert firing. */
  holds(own: Own, value: Value): boolean
  /** Returns the limit that a value is compared with; undefined where it is not a number. */
  threshold?(own: Own, which: 'fire' | 'clear', value: Value): number | undefined
  readonly words: {
    /** Follows the metric: `above 40 °C`, `is degraded`. */
    text(own: Own, unit: string | undefined): string
    /** The same in the summary of a pattern; absent where patterns do not take the kind. */
    inPatterns?(own: Own, unit: string | undefined): string
    /** Ends the summary of a rule without one. */
    summary(own: Own): string
    /** Stands for `{{threshold}}` where it is not a number. */
    threshold?(own: Own): string
  }
  /** Returns the lines and states that a chart can show. */
  chart?(own: Own): Chart
}

interface Chart {
  readonly fire?: Limits
  readonly clear?: Limits
  readonly states?: readonly string[]
}

/** Replaces the value by a number that follows from earlier readings too. A rule has at most one measure. */
export interface MeasureKind<Own> extends Kind<Own> {
  readonly role: 'measure'
  readonly memory: Memory<Own>
  /** Unit of the number, and why thresholds have no other. Without it they are differences, in the unit of the metric. */
  readonly unit?: { readonly symbol: string; readonly because: string }
  readonly words: {
    /** `change of temperature over 10 min`. */
    text(own: Own, metric: string): string
    /** Replaces `is {{value}}` in the summary of a rule without one. */
    readonly summary: string
  }
}

/** State of a kind's own, for each entity and metric, stored as JSON. Rules with the same key share it. */
export interface Memory<Own> {
  key(own: Own): string
  /** Upper bound, whatever the rate of readings. */
  readonly largestBytes: number
  /** Further words for summaries, beside those of every rule. */
  readonly placeholders?: readonly string[]
  /**
   * @param state as the last call returned it; an implementation names its own type
   * @param timeMs not before that of the last call; the same again for another reading of that instant, which replaces the first
   */
  compare(own: Own, state: object | undefined, timeMs: number, value: number): Comparison
}

export interface Comparison {
  readonly state: object
  /** Null while there is too little to compare with. */
  readonly value: number | null
  /** Numbers for the placeholders, in the unit of the metric. */
  readonly words?: Readonly<Record<string, number>>
}

/** The part of a rule that other keys refer to. Keys with an error are undefined. */
export interface Subject {
  readonly family: FamilyName | undefined
  readonly metric: string | undefined
  readonly measure?: Pick<MeasureKind<never>, 'unit' | 'keys'> | undefined
}
