import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { RuleState } from '../../../lib/alerting/rule-state.ts'
import { type Life, type Transition, transition } from '../../../lib/alerting/transition.ts'
import { above, createRule, run, stored } from './support.ts'

interface Observation {
  readonly timeMs: number
  readonly value: number
}

const SECOND = 1_000
const seconds = (...choices: number[]) => fc.constantFrom(...choices.map(choice => choice * SECOND))

/** Fires at 50; values on and around it, and around every clear threshold. */
const values = fc.constantFrom(20, 40, 45, 50, 55, 60, 80)
const CONDITIONS = {
  above: (by: number) => above(50, 50 - by),
  below: (by: number) => createRule({ fireBelow: 50, clearAbove: 50 + by }).condition,
  outside: (by: number) =>
    createRule({ fireOutside: [40, 60], clearInside: by > 0 ? [42, 58] : [40, 60] }).condition,
}
const conditions: fc.Arbitrary<Life> = fc
  .record({
    side: fc.constantFrom('above', 'below', 'outside'),
    hysteresis: fc.constantFrom(0, 10),
    forMs: seconds(0, 0, 30, 60, 120),
    keepFiringForMs: seconds(0, 30, 60),
    staleAfterMs: seconds(0, 0, 30, 60),
  })
  .map(({ hysteresis: by, side, ...rest }) => ({
    ...rest,
    onSilence: 'keep' as const,
    condition: CONDITIONS[side](by),
  }))

/** Times from steps: 0 repeats an instant, a negative one is late. */
function createSeries(...steps: number[]): fc.Arbitrary<Observation[]> {
  return fc.array(fc.tuple(seconds(...steps), values), { maxLength: 40 }).map(rows => {
    let timeMs = 0
    return rows.map(([step, value]) => {
      timeMs += step
      return { timeMs, value }
    })
  })
}
const anySeries = createSeries(0, 0, 15, 30, 60, 90, -20)
const inOrder = createSeries(0, 0, 15, 30, 60, 90)
const strictlyInOrder = createSeries(15, 30, 60, 90)

const isNotified = (state: RuleState | undefined) =>
  state?.phase === 'firing' || state?.phase === 'recovering'
const listChanges = (transitions: readonly Transition[]) => transitions.flatMap(({ change }) => change ?? [])
const last = <Item>(items: readonly Item[]) => items[items.length - 1]

describe('for any rule and any series', () => {
  test('fired and resolved alternate, and published alerts are true, even if each step edits the rule', () => {
    fc.assert(
      fc.property(fc.array(conditions, { minLength: 1 }), anySeries, (rules, series) => {
        let state: RuleState | undefined
        for (const [index, observation] of series.entries()) {
          const before = isNotified(state)
          const made = transition(rules[index % rules.length] as Life, state, observation)
          state = made.state
          const told = made.change === undefined ? before : made.change === 'fired'
          assert.equal(isNotified(state), told)
          if (made.change !== undefined) assert.notEqual(before, told)
        }
      }),
    )
  })

  test('late observations change nothing', () => {
    fc.assert(
      fc.property(
        conditions,
        inOrder,
        fc.array(fc.tuple(fc.nat(), fc.nat(), values)),
        (rule, series, late) => {
          const disturbed = [...series]
          for (const [at, age, value] of series.length === 0 ? [] : late) {
            const index = at % disturbed.length
            const newest = Math.max(...disturbed.slice(0, index + 1).map(({ timeMs }) => timeMs))
            disturbed.splice(index + 1, 0, { timeMs: newest - 1 - (age % 100_000), value })
          }
          const made = run(rule, disturbed).filter(({ reason }) => reason !== 'late')
          assert.deepEqual(made, run(rule, series))
        },
      ),
    )
  })

  test('a series may be cut anywhere and go on from the stored state', () => {
    fc.assert(
      fc.property(conditions, anySeries, fc.nat(40), (rule, series, cut) => {
        const first = run(rule, series.slice(0, cut))
        const state = last(first)?.state
        const second = run(rule, series.slice(cut), state && stored(state))
        assert.deepEqual([...first, ...second], run(rule, series))
      }),
    )
  })

  test('an observation that is repeated at once adds nothing', () => {
    fc.assert(
      fc.property(conditions, anySeries, fc.array(fc.nat(3)), (rule, series, times) => {
        const repeated = series.flatMap((observation, index) =>
          Array.from({ length: 1 + (times[index] ?? 0) }, () => observation),
        )
        const once = run(rule, series)
        const often = run(rule, repeated)
        assert.deepEqual(listChanges(often), listChanges(once))
        assert.deepEqual(last(often)?.state, last(once)?.state)
      }),
    )
  })

  test('a prefix that comes again changes nothing, but what it holds of the newest instant', () => {
    fc.assert(
      fc.property(conditions, inOrder, fc.nat(40), (rule, series, length) => {
        const state = last(run(rule, series))?.state
        const again = series.slice(0, length).filter(({ timeMs }) => timeMs !== last(series)?.timeMs)
        for (const made of run(rule, again, state))
          assert.deepEqual({ ...made, atMs: 0 }, { state, reason: 'late', atMs: 0 })
      }),
    )
  })

  test('of one instant the last observation counts, unless an earlier one was notified', () => {
    fc.assert(
      fc.property(conditions, inOrder, (rule, series) => {
        const made = run(rule, series)
        const isLast = (index: number) => series[index]?.timeMs !== series[index + 1]?.timeMs
        fc.pre(made.every(({ change }, index) => change === undefined || isLast(index)))
        const lastOnes = run(
          rule,
          series.filter((_, index) => isLast(index)),
        )
        const view = ({
          change,
          state: { before: _, ...state },
        }: Transition & { state: { before?: unknown } }) => ({
          change,
          state,
        })
        assert.deepEqual(made.filter((_, index) => isLast(index)).map(view), lastOnes.map(view))
      }),
    )
  })
})

describe('against references that know nothing of states', () => {
  const plain = {
    condition: above(50),
    onSilence: 'keep',
    keepFiringForMs: 0,
    staleAfterMs: 0,
  } as const

  test('for 0: the edges of the comparison, over all that is not late', () => {
    fc.assert(
      fc.property(anySeries, series => {
        const newest = (index: number) => Math.max(...series.slice(0, index).map(({ timeMs }) => timeMs))
        const bits = series
          .filter(({ timeMs }, index) => timeMs >= newest(index))
          .map(({ value }) => value > 50)
        const edges = bits.flatMap((bit, index) =>
          bit === (bits[index - 1] ?? false) ? [] : bit ? 'fired' : 'resolved',
        )
        assert.deepEqual(listChanges(run({ ...plain, forMs: 0 }, series)), edges)
      }),
    )
  })

  test('any `for`: each range of bad values fires where it is old enough, and resolves where it ends', () => {
    fc.assert(
      fc.property(seconds(0, 30, 60, 100), strictlyInOrder, (forMs, series) => {
        const expected = series.map(({ timeMs, value }, index) => {
          const start = series.slice(0, index).findLastIndex(earlier => earlier.value <= 50) + 1
          const age = (at: number) =>
            (series[at]?.timeMs ?? Number.NaN) - (series[start]?.timeMs ?? Number.NaN)
          const wasOld = index > start && age(index - 1) >= forMs
          if (value <= 50) return wasOld ? 'resolved' : undefined
          return !wasOld && timeMs - (series[start]?.timeMs ?? Number.NaN) >= forMs ? 'fired' : undefined
        })
        assert.deepEqual(
          run({ ...plain, forMs }, series).map(({ change }) => change),
          expected,
        )
      }),
    )
  })
})
