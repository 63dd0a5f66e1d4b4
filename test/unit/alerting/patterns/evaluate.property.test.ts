import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { PatternRule } from '../../../../lib/alerting/patterns/pattern.ts'
import { countReference, sequenceReference } from './reference.ts'
import { createPattern, Evaluation, type Happened } from './support.ts'

const S = 1000
/** Seconds are the instants of the reference. */
const END = 60
const within = fc.integer({ min: 1, max: 12 })
const keep = fc.integer({ min: 0, max: 8 })

/** Events in the order of their times; several may have one time. @param matchers that an event can meet */
const history = (matchers: number) =>
  fc
    .array(
      fc.record({
        atMs: fc.integer({ min: 0, max: 40 }),
        met: fc.uniqueArray(fc.integer({ min: 0, max: matchers - 1 }), { minLength: 1 }),
      }),
      { maxLength: 14 },
    )
    .map(events => events.toSorted((a, b) => a.atMs - b.atMs))

/** @param isTimely timers fire when they are due; otherwise all events are read before any timer, as in an import */
function toldBy(rule: PatternRule, events: readonly Happened[], isTimely: boolean) {
  const evaluation = new Evaluation(rule)
  for (const { atMs, met = [] } of events) {
    if (isTimely) evaluation.pass(atMs * S - 1)
    evaluation.event(atMs * S, met)
  }
  evaluation.pass(END * S)
  return evaluation.told
}

const lines = (told: readonly { readonly kind: string; readonly atMs: number }[]) =>
  told.map(({ kind, atMs }) => `${kind} ${atMs * S}`)

const RESTART = { event: 'instance.restarted' }
const FELL = { event: 'device.fallen' }

describe('patterns and an independent account of them', () => {
  it('given any events in order, then counts fire and resolve alike, whenever timers fire', () => {
    let fired = 0
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 4 }),
        within,
        keep,
        history(1),
        fc.boolean(),
        (count, withinS, keepS, events, isTimely) => {
          const rule = createPattern(
            { count, of: RESTART, within: `${withinS}s` },
            { keepFiringFor: keepS === 0 ? 0 : `${keepS}s` },
          )
          const expected = lines(countReference({ count, withinMs: withinS }, keepS, events, END))
          assert.deepEqual(toldBy(rule, events, isTimely), expected)
          fired += expected.length
        },
      ),
      { numRuns: 500 },
    )
    assert.ok(fired > 100)
  })

  it('given any order of arrival, then no more times are kept than are counted, and each alert resolves', () => {
    fc.assert(
      fc.property(history(1), fc.func(fc.integer()), (events, order) => {
        const shuffled = events.toSorted((a, b) => order(a.atMs) - order(b.atMs))
        const evaluation = new Evaluation(createPattern({ count: 3, of: RESTART, within: '5s' }))
        for (const { atMs } of shuffled) {
          evaluation.event(atMs * S, [0])
          assert.ok((evaluation.state?.counted?.length ?? 0) <= 3)
        }
        evaluation.pass(1000 * S)
        assert.equal(evaluation.state, undefined)
        const kinds = evaluation.told.map(line => line.split(' ')[0])
        assert.deepEqual(
          kinds,
          kinds.map((_, index) => (index % 2 === 0 ? 'fired' : 'resolved')),
        )
      }),
      { numRuns: 300 },
    )
  })

  it('given any events in order, then sequences that end with an event fire and resolve alike', () => {
    let fired = 0
    fc.assert(
      fc.property(
        fc.array(within, { minLength: 1, maxLength: 3 }),
        keep,
        history(4),
        fc.boolean(),
        (withins, keepS, all, isTimely) => {
          const steps = withins.length + 1
          const events = all.flatMap(({ atMs, met }) => {
            const own = met.filter(index => index < steps)
            return own.length > 0 ? [{ atMs, met: own }] : []
          })
          const rule = createPattern(
            { sequence: [FELL, ...withins.map(within => ({ ...FELL, within: `${within}s` }))] },
            { keepFiringFor: `${keepS + 1}s` },
          )
          const expected = lines(sequenceReference([0, ...withins], keepS + 1, events, END))
          assert.deepEqual(toldBy(rule, events, isTimely), expected)
          fired += expected.length
        },
      ),
      { numRuns: 1000 },
    )
    assert.ok(fired > 100)
  })
})
