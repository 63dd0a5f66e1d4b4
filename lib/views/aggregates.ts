/**
 * Aggregates: their states, and the values of these. A state is JSON. It depends on the set of its rows, not on their order, so that
 * rows may arrive from several partitions in any order. Pure.
 */

import { isCountable, sampleDeviation } from '../windows/moments.ts'
import { countDistinct, type Distinct, mergeDistinct, withDistinct } from './distinct-count.ts'
import type { ExpressionValue } from './evaluate-expression.ts'
import { addSums, squaredDistances, toNumber, withNumber, withSquare, ZERO } from './exact-sum.ts'
import type { Aggregate, AggregateName, Scalar } from './plan.ts'

/** State of an aggregate, whose type depends on the aggregate. */
export type AggregateState = unknown

type Input = Exclude<Scalar, null>

/** Row of which a value is added: its time and id decide which one is first or last. */
export interface AggregatedRow {
  readonly timeMs: number
  readonly id: string
}

interface AggregateKind<State> {
  readonly empty: State
  add(state: State, input: Input, row: AggregatedRow, parameter: number): State
  merge(a: State, b: State, parameter: number): State
  value(state: State): ExpressionValue
}

/** @throws Error for an aggregate that is unknown to this version, as in a plan of a later one */
export function checkAggregates(aggregates: readonly Aggregate[]): void {
  const unknown = aggregates.find(aggregate => !Object.hasOwn(KINDS, aggregate.function))
  if (unknown) throw new Error(`the aggregate ${unknown.function} of the plan is unknown to this version`)
}

/** Returns the states of aggregates without rows. */
export function emptyStates(aggregates: readonly Aggregate[]): readonly AggregateState[] {
  return aggregates.map(({ function: name }) => KINDS[name].empty)
}

/** @param inputs values of the arguments. A value that is null, or unfit for the aggregate, does not count. */
export function withRow(
  aggregates: readonly Aggregate[],
  states: readonly AggregateState[],
  inputs: readonly Scalar[],
  row: AggregatedRow,
): readonly AggregateState[] {
  return aggregates.map(({ function: name, argument, parameter = 0 }, index) => {
    const input = argument ? (inputs[index] ?? null) : true
    // Turn -0 into 0, as JSON does.
    const fit = typeof input === 'number' ? input + 0 : input
    return fit === null ? states[index] : KINDS[name].add(states[index], fit, row, parameter)
  })
}

export function mergeStates(
  aggregates: readonly Aggregate[],
  a: readonly AggregateState[],
  b: readonly AggregateState[],
): readonly AggregateState[] {
  return aggregates.map(({ function: name, parameter = 0 }, index) =>
    KINDS[name].merge(a[index], b[index], parameter),
  )
}

export function computeValues(
  aggregates: readonly Aggregate[],
  states: readonly AggregateState[],
): readonly ExpressionValue[] {
  return aggregates.map(({ function: name }, index) => KINDS[name].value(states[index]))
}

/** Number of values and their sum; null without values. */
type Mean = readonly [count: number, sum: string] | null
/** Number of values, their sum and the sum of their squares; null without values. */
type Spread = readonly [count: number, sum: string, squares: string] | null
/** Time of a row, start of its id, and its value; null without rows. */
type Placed = readonly [timeMs: number, id: string, value: Input] | null

/** Number of characters of an id that are stored. They distinguish rows of the same millisecond. */
const ID_LENGTH = 8

const KINDS: Readonly<Record<AggregateName, AggregateKind<AggregateState>>> = {
  COUNT: defineAggregate<number>({
    empty: 0,
    add: count => count + 1,
    merge: (a, b) => a + b,
    value: count => count,
  }),
  COUNT_DISTINCT: defineAggregate<Distinct>({
    empty: '',
    add: (known, input) => withDistinct(known, input),
    merge: (a, b) => mergeDistinct(a, b),
    value: known => countDistinct(known),
  }),
  SUM: defineAggregate<string | null>({
    empty: null,
    add: (sum, input) => (isCountable(input) ? withNumber(sum ?? ZERO, input) : sum),
    merge: (a, b) => (a === null || b === null ? (a ?? b) : addSums(a, b)),
    value: sum => (sum === null ? null : toNumber(sum)),
  }),
  AVG: defineAggregate<Mean>({
    empty: null,
    add(mean, input) {
      if (!isCountable(input)) return mean
      const [count, sum] = mean ?? [0, ZERO]
      return [count + 1, withNumber(sum, input)]
    },
    merge: (a, b) => (a === null || b === null ? (a ?? b) : [a[0] + b[0], addSums(a[1], b[1])]),
    value: mean => (mean === null ? null : toNumber(mean[1]) / mean[0]),
  }),
  STDDEV: defineAggregate<Spread>({
    empty: null,
    add(spread, input) {
      if (!isCountable(input)) return spread
      const [count, sum, squares] = spread ?? [0, ZERO, ZERO]
      return [count + 1, withNumber(sum, input), withSquare(squares, input)]
    },
    merge: (a, b) =>
      a === null || b === null ? (a ?? b) : [a[0] + b[0], addSums(a[1], b[1]), addSums(a[2], b[2])],
    value: spread =>
      (spread && sampleDeviation({ count: spread[0], m2: squaredDistances(...spread) })) ?? null,
  }),
  MIN: createExtremeAggregate((a, b) => a < b),
  MAX: createExtremeAggregate((a, b) => a > b),
  FIRST: createPlacedAggregate((a, b) => isBefore(a, b)),
  LAST: createPlacedAggregate((a, b) => isBefore(b, a)),
  TOPK: createGreatestAggregate(list => list),
  TOPKDISTINCT: createGreatestAggregate(list => [...new Set(list)]),
}

function defineAggregate<State>(definition: AggregateKind<State>): AggregateKind<AggregateState> {
  return definition as AggregateKind<AggregateState>
}

function createExtremeAggregate(isBetter: (a: Input, b: Input) => boolean): AggregateKind<AggregateState> {
  const better = (a: Scalar, b: Scalar) => (a === null || b === null ? (a ?? b) : isBetter(b, a) ? b : a)
  return defineAggregate<Scalar>({ empty: null, add: better, merge: better, value: state => state })
}

function createPlacedAggregate(
  isBetter: (a: NonNullable<Placed>, b: NonNullable<Placed>) => boolean,
): AggregateKind<AggregateState> {
  const better = (a: Placed, b: Placed) => (a === null || b === null ? (a ?? b) : isBetter(b, a) ? b : a)
  return defineAggregate<Placed>({
    empty: null,
    add: (state, input, { timeMs, id }) => better(state, [timeMs, id.slice(0, ID_LENGTH), input]),
    merge: better,
    value: state => state?.[2] ?? null,
  })
}

function isBefore(a: NonNullable<Placed>, b: NonNullable<Placed>): boolean {
  return a[0] === b[0] ? a[1] < b[1] : a[0] < b[0]
}

/** Returns an aggregate that keeps the greatest values, in descending order. */
function createGreatestAggregate(
  without: (list: readonly Input[]) => readonly Input[],
): AggregateKind<AggregateState> {
  const merge = (a: readonly Input[], b: readonly Input[], most: number) =>
    without([...a, ...b].sort((value, other) => (value < other ? 1 : value > other ? -1 : 0))).slice(0, most)
  return defineAggregate<readonly Input[]>({
    empty: [],
    add: (list, input, _, most) => merge(list, [input], most),
    merge,
    value: list => list,
  })
}
