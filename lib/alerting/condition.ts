/**
 * Looks up the rule kinds that define the condition and the measure of a rule. The condition decides which values are bad. A rule
 * with a measure compares a derived number instead of the value. Pure.
 */
import { CONDITIONS, MEASURES } from './kinds/all.ts'
import type { ConditionKind, MeasureKind, Memory, ReadingValue } from './kinds/kind.ts'

export type { ReadingValue as Value } from './kinds/kind.ts'

/** Union of the types that the `read` functions of a table of kinds return. */
type ReadBy<Kind> = Kind extends { row(own: infer Own): unknown } ? Own : never

/** Condition of a rule, which decides which values are bad. `kind` is the name of the rule kind that defines the condition. */
export type Condition = ReadBy<(typeof CONDITIONS)[keyof typeof CONDITIONS]>

/** Measure of a rule, which derives the number to compare. `of` is the name of the rule kind that defines the measure. */
export type Measure = ReadBy<(typeof MEASURES)[keyof typeof MEASURES]>

export function conditionKind({ kind }: Pick<Condition, 'kind'>): ConditionKind<Condition> {
  return CONDITIONS[kind]
}

export function measureKind({ of }: Pick<Measure, 'of'>): MeasureKind<Measure> {
  return MEASURES[of]
}

/** Returns whether a value is bad while the rule is not firing. A value equal to a threshold is not bad. */
export function fires(condition: Condition, value: ReadingValue): boolean {
  return CONDITIONS[condition.kind].fires(condition as never, value)
}

/** Returns whether a value keeps a firing alert active. */
export function holds(condition: Condition, value: ReadingValue): boolean {
  return CONDITIONS[condition.kind].holds(condition as never, value)
}

interface Compared {
  readonly condition: Condition
  readonly measure?: Measure | undefined
}

/** Rule kind that compares new readings with earlier ones, and the settings of this kind in the rule. */
export interface Remembering {
  readonly name: string
  readonly memory: Memory<Condition | Measure>
  readonly own: Condition | Measure
}

/** Returns the kind that stores earlier readings for a rule; undefined if the rule compares only the current value. */
export function rememberingKind({ condition, measure }: Compared): Remembering | undefined {
  if (measure) return { name: measure.of, memory: measureKind(measure).memory, own: measure }
  const { memory } = conditionKind(condition)
  return memory && { name: condition.kind, memory, own: condition }
}

const MEMORIES: readonly (readonly [kind: string, Memory<Condition | Measure> | undefined])[] = [
  ...Object.entries<MeasureKind<Measure>>(MEASURES).map(([name, { memory }]) => [name, memory] as const),
  ...Object.entries<ConditionKind<Condition>>(CONDITIONS).map(
    ([name, { memory }]) => [name, memory] as const,
  ),
]

/** Names of the kinds that compare new readings with earlier ones. */
export const REMEMBERING: readonly string[] = MEMORIES.flatMap(([kind, memory]) => (memory ? [kind] : []))

/** Placeholders that only specific kinds provide, in addition to the placeholders of every rule. */
export const OWN_PLACEHOLDERS: readonly string[] = MEMORIES.flatMap(
  ([, memory]) => memory?.placeholders ?? [],
)
