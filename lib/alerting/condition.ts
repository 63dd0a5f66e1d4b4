/**
 * Finds the kinds that a rule over values uses. Its condition decides which values are bad; its measure, if
 * any, derives the number to compare. Pure.
 */
import { CONDITIONS, MEASURES } from './kinds/all.ts'
import type { ConditionKind, MeasureKind, Memory, Value } from './kinds/kind.ts'

export type { Value } from './kinds/kind.ts'

/** Union of the properties that the kinds of a table read from a rule. */
type ReadBy<Kind> = Kind extends { row(own: infer Own): unknown } ? Own : never

/** Condition of a rule. `kind` names the kind that read it. */
export type Condition = ReadBy<(typeof CONDITIONS)[keyof typeof CONDITIONS]>

/** Measure of a rule. `of` names the kind that read it. */
export type Measure = ReadBy<(typeof MEASURES)[keyof typeof MEASURES]>

export function conditionKind({ kind }: Pick<Condition, 'kind'>): ConditionKind<Condition> {
  return CONDITIONS[kind]
}

export function measureKind({ of }: Pick<Measure, 'of'>): MeasureKind<Measure> {
  return MEASURES[of]
}

/** Returns whether the value is bad for a rule that does not fire yet. A value equal to a threshold is not bad. */
export function fires(condition: Condition, value: Value): boolean {
  return CONDITIONS[condition.kind].fires(condition as never, value)
}

/** Returns whether the value keeps an alert firing. */
export function holds(condition: Condition, value: Value): boolean {
  return CONDITIONS[condition.kind].holds(condition as never, value)
}

interface Compared {
  readonly condition: Condition
  readonly measure?: Measure | undefined
}

/** Kind whose comparisons depend on earlier readings, with its name and its properties of the rule. */
export interface Remembering {
  readonly name: string
  readonly memory: Memory<Condition | Measure>
  readonly own: Condition | Measure
}

/** Returns the kind that derives the compared number; undefined if the value itself is compared. */
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

/** Names of the kinds that store earlier readings. */
export const REMEMBERING: readonly string[] = MEMORIES.flatMap(([kind, memory]) => (memory ? [kind] : []))

/** Placeholders that only single kinds offer, in addition to those of every rule. */
export const OWN_PLACEHOLDERS: readonly string[] = MEMORIES.flatMap(
  ([, memory]) => memory?.placeholders ?? [],
)
