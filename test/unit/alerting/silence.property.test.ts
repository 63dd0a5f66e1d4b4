import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { RuleState } from '../../../lib/alerting/rule-state.ts'
import { wakeUps } from '../../../lib/alerting/silence.ts'
import { type Life, transition } from '../../../lib/alerting/transition.ts'
import { lifeBySeconds, type Reading, type ReferenceRule } from './reference.ts'
import { above, stored } from './support.ts'

const END = 120
const rules: fc.Arbitrary<ReferenceRule> = fc.record({
  for: fc.constantFrom(0, 0, 5, 20),
  keep: fc.constantFrom(0, 0, 7, 20),
  stale: fc.constantFrom(0, 4, 10, 25),
  onSilence: fc.constantFrom('keep', 'ok', 'alert', 'no-data'),
})
/** Clears at 40, fires above 50. */
const values = fc.constantFrom(30, 45, 60)
const series = fc
  .array(fc.tuple(fc.constantFrom(1, 2, 3, 5, 8, 15, 30), values), { maxLength: 30, size: 'max' })
  .map(rows => {
    let at = 0
    return rows
      .map(([step, value]) => {
        at += step
        return { at, value }
      })
      .filter(({ at }) => at <= END)
  })

const createLife = (rule: ReferenceRule): Life => ({
  condition: above(50, 40),
  forMs: rule.for * 1000,
  keepFiringForMs: rule.keep * 1000,
  staleAfterMs: rule.stale * 1000,
  onSilence: rule.onSilence,
})

/** Returns the transitions of the pure functions at these instants: all seconds, or only those that a state waits for. */
function lifeByTransitions(
  rule: ReferenceRule,
  readings: readonly { at: number; value: number }[],
  instants: 'every second' | 'wake-ups',
): string[] {
  const life = createLife(rule)
  const told: string[] = []
  let state: RuleState | undefined
  const take = (timeMs: number, value?: number) => {
    const isMissing = state?.silent === 'no-data'
    const made = transition(life, state, value === undefined ? { timeMs } : { timeMs, value })
    if (value !== undefined && isMissing && made.reason !== 'late')
      told.push(`${timeMs / 1000} data-returned`)
    if (made.reason === 'no-data') told.push(`${made.atMs / 1000} no-data`)
    if (made.change) told.push(`${made.atMs / 1000} ${made.change}`)
    const isChanged = made.state !== state
    state = stored(made.state)
    return isChanged && value === undefined && made.reason !== 'unchanged'
  }
  for (let second = 0; second <= END; second += 1) {
    const reading = readings.find(({ at }) => at === second)
    if (reading) take(second * 1000, reading.value)
    const isDue =
      state &&
      (instants === 'every second' || wakeUps(life, state).some(({ atMs }) => atMs === second * 1000))
    if (isDue) while (take(second * 1000));
  }
  return told
}

test('any rule and series: the alerts equal those of a walk over every second', () => {
  fc.assert(
    fc.property(rules, series, (rule, readings) => {
      const asReference = readings.map(({ at, value }): Reading => {
        return { at, isBad: value > 50, isHeld: value > 40 }
      })
      assert.deepEqual(
        lifeByTransitions(rule, readings, 'every second'),
        lifeBySeconds(rule, asReference, END),
      )
    }),
    { numRuns: 2_000 },
  )
})

test('any rule and series: it is enough to look when a state says so', () => {
  fc.assert(
    fc.property(rules, series, (rule, readings) => {
      assert.deepEqual(
        lifeByTransitions(rule, readings, 'wake-ups'),
        lifeByTransitions(rule, readings, 'every second'),
      )
    }),
    { numRuns: 1_000 },
  )
})
