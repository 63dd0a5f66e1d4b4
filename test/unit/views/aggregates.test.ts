import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { computeValues, emptyStates, mergeStates, withRow } from '../../../lib/views/aggregates.ts'
import { toNumber, withNumber, ZERO } from '../../../lib/views/exact-sum.ts'
import type { Aggregate, AggregateName, Scalar } from '../../../lib/views/plan.ts'
import { EVERY_AGGREGATE } from '../../support/views.ts'

const ARGUMENT = { kind: 'literal', value: null } as const

function aggregate(name: AggregateName, parameter?: number): Aggregate {
  return { function: name, argument: ARGUMENT, ...(parameter !== undefined && { parameter }) }
}

function after(of: Aggregate, inputs: readonly Scalar[]) {
  let states = emptyStates([of])
  for (const [index, input] of inputs.entries())
    states = withRow([of], states, [input], { timeMs: 1000 + index, id: `r${index}` })
  return states
}

const result = (of: Aggregate, inputs: readonly Scalar[]) => computeValues([of], after(of, inputs))[0]

describe('an aggregate', () => {
  const table: readonly [AggregateName, number | undefined, readonly Scalar[], unknown][] = [
    ['COUNT', undefined, [], 0],
    ['COUNT', undefined, [1, null, 'a'], 2],
    ['COUNT_DISTINCT', undefined, [1, '1', 1, true, null], 3],
    ['SUM', undefined, [], null],
    ['SUM', undefined, [0.1, 0.2, 0.3, -0.6], 2.7755575615628914e-17],
    ['SUM', undefined, [1e16, 1, -1e16, 'a', null], 1],
    ['AVG', undefined, [null], null],
    ['AVG', undefined, [1, 2, 6, null], 3],
    ['STDDEV', undefined, [4], null],
    ['STDDEV', undefined, [2, 4, 4, 4, 5, 5, 7, 9], Math.sqrt(32 / 7)],
    ['STDDEV', undefined, [1e9 + 1, 1e9 + 2, 1e9 + 3], 1],
    ['MIN', undefined, [3, -0, 5], 0],
    ['MAX', undefined, ['b', 'a', null, 'c'], 'c'],
    ['FIRST', undefined, [null, 'b', 'a'], 'b'],
    ['LAST', undefined, ['b', 'a', null], 'a'],
    ['TOPK', 2, [1, 3, 3, 2], [3, 3]],
    ['TOPKDISTINCT', 2, [1, 3, 3, 2], [3, 2]],
    ['TOPK', 2, [], []],
  ]
  for (const [name, parameter, inputs, expected] of table)
    it(`given ${name} of ${JSON.stringify(inputs)}, then it is ${JSON.stringify(expected)}`, () => {
      assert.deepEqual(result(aggregate(name, parameter), inputs), expected)
    })

  const all = EVERY_AGGREGATE.map(([name, parameter]) => aggregate(name, parameter))
  const numbers = fc.array(
    fc.record({ x: fc.double({ noNaN: true, min: -1e9, max: 1e9 }), timeMs: fc.nat(20) }),
    { maxLength: 300 },
  )
  it('given rows in any order and in parts, then the values are the same', () => {
    fc.assert(
      fc.property(numbers, fc.nat(), fc.nat(), (rows, part, turn) => {
        const named = rows.map((row, index) => ({ ...row, id: String(index) }))
        const add = (some: typeof named) =>
          some.reduce(
            (states, row) =>
              withRow(
                all,
                states,
                all.map(() => row.x),
                row,
              ),
            emptyStates(all),
          )
        const at = turn % (named.length + 1)
        const turned = [...named.slice(at), ...named.slice(0, at)].reverse()
        const cut = part % (named.length + 1)
        const parts = mergeStates(all, add(turned.slice(0, cut)), add(turned.slice(cut)))
        const stored = JSON.parse(JSON.stringify(parts))
        assert.deepEqual(stored, JSON.parse(JSON.stringify(add(named))))
        assert.deepEqual(computeValues(all, stored), computeValues(all, add(named)))
      }),
      { numRuns: 60 },
    )
  })

  it('given any number, then its sum with nothing is the number', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, min: -1e100, max: 1e100 }), value => {
        assert.equal(toNumber(withNumber(ZERO, value)), value + 0)
      }),
    )
  })

  it('given many values, then the number of distinct ones is near and its state is small', () => {
    const distinct = aggregate('COUNT_DISTINCT')
    for (const count of [128, 129, 500, 2_500, 30_000]) {
      const states = after(
        distinct,
        Array.from({ length: count }, (_, index) => `device-${index}`),
      )
      const [value] = computeValues([distinct], states)
      const share = count <= 128 ? 0 : 0.1
      assert.ok(Math.abs(Number(value) - count) <= share * count, `${value} of ${count}`)
      assert.ok(JSON.stringify(states).length <= 1_030)
    }
  })
})
