import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { compileTablePlan } from '../../../lib/views/compiled-table.ts'
import type { ExpressionValue } from '../../../lib/views/evaluate-expression.ts'
import { rowsOfGroup } from '../../../lib/views/group-rows.ts'
import { type GroupState, groupStep } from '../../../lib/views/group-step.ts'
import type { WindowPlan } from '../../../lib/windows/windows.ts'
import { directValues, directWindows, groupAfter, type TestRow, tablePlan } from '../../support/views.ts'

const KEPT = { graceMs: 5_000, retentionMs: 3_600_000 }
const WINDOWS: Readonly<Record<string, WindowPlan | undefined>> = {
  none: undefined,
  tumbling: { kind: 'tumbling', sizeMs: 10_000, ...KEPT },
  hopping: { kind: 'hopping', sizeMs: 10_000, advanceMs: 4_000, ...KEPT },
  session: { kind: 'session', gapMs: 3_000, ...KEPT },
}
const START_MS = Date.parse('2026-03-01T12:00:00Z')

/** Rows of some entities; each entity's rows are in the order of its partition. */
const ENTITIES = fc.array(
  fc.array(
    fc.record({
      // Whole seconds meet the bounds of windows, gap and grace exactly.
      at: fc.oneof(
        fc.nat(60_000),
        fc.nat(60).map(seconds => seconds * 1_000),
      ),
      back: fc.constantFrom(0, 0, 0, 2_000, 8_000, 9_000, 30_000),
      x: fc.option(fc.integer({ min: -40, max: 40 }).map(value => value / 4)),
    }),
    { minLength: 1, maxLength: 8 },
  ),
  { minLength: 1, maxLength: 3 },
)

function computeRows(entities: readonly (readonly { at: number; back: number; x: number | null }[])[]) {
  return entities.map((steps, entity) => {
    let newestMs = 0
    return steps
      .toSorted((a, b) => a.at - b.at)
      .map(({ at, back, x }, index): TestRow => {
        const timeMs = START_MS + Math.max(at - back, 0)
        newestMs = Math.max(newestMs, timeMs)
        return { id: `${entity}-${index}`, timeMs, x, newestMs }
      })
  })
}

/** Merges lists in an order that the numbers determine. */
function interleaved<T>(lists: readonly (readonly T[])[], order: readonly number[]): T[] {
  const left = lists.map(list => [...list])
  const merged: T[] = []
  for (let index = 0; left.some(list => list.length > 0); index += 1) {
    const waiting = left.filter(list => list.length > 0)
    merged.push(waiting[(order[index] ?? 0) % waiting.length]?.shift() as T)
  }
  return merged
}

function isNear(actual: ExpressionValue | undefined, expected: unknown, share: number): boolean {
  if (typeof actual !== 'number' || typeof expected !== 'number') return actual === expected
  return Math.abs(actual - expected) <= share * Math.max(1, Math.abs(expected))
}

describe('the rows of a group', () => {
  // Promise config/views/README.md#windows
  for (const [name, window] of Object.entries(WINDOWS))
    it(`given ${name} windows, then every order of the partitions gives the rows of a direct count`, () => {
      const plan = tablePlan(window)
      fc.assert(
        fc.property(ENTITIES, fc.array(fc.nat(2)), (entities, order) => {
          const arrived = interleaved(computeRows(entities), order)
          const state = groupAfter(plan, arrived)
          const rows = state ? rowsOfGroup(plan, ['walking'], state) : []
          const direct = directWindows(window, arrived)
          assert.deepEqual(
            rows.map(row => row.window && [row.window.startMs, row.window.endMs]),
            direct.map(row => row.window),
          )
          assert.deepEqual(
            rows.map(row => row.rowtimeMs),
            direct.map(row => Math.max(...row.rows.map(({ timeMs }) => timeMs))),
          )
          for (const [index, { values }] of rows.entries()) {
            const expected = directValues(direct[index]?.rows ?? [])
            for (const [column, value] of Object.entries(expected)) {
              const share = column === 'STDDEV' ? 1e-9 : 0
              const isSame = Array.isArray(value)
                ? JSON.stringify(values[column]) === JSON.stringify(value)
                : isNear(values[column], value, share)
              assert.ok(isSame, `${column} is ${values[column]}, not ${value}`)
            }
          }
        }),
        { numRuns: 300 },
      )
    })

  it('given a state of an earlier version, then the time of its newest row is unknown until the next row', () => {
    const plan = tablePlan(WINDOWS.tumbling)
    const [window] = groupAfter(plan, [{ id: 'a', timeMs: START_MS + 7, x: 1, newestMs: START_MS }])?.w ?? []
    const earlier = { t: START_MS, w: [window?.slice(0, 2)] } as unknown as GroupState
    assert.equal(rowsOfGroup(plan, ['walking'], earlier)[0]?.rowtimeMs, undefined)
    const row = { inputs: [null], id: 'b', timeMs: START_MS + 5, newestMs: START_MS + 5 }
    const { state } = groupStep(compileTablePlan(plan), earlier, row.timeMs, row)
    assert.equal(state && rowsOfGroup(plan, ['walking'], state)[0]?.rowtimeMs, START_MS + 5)
  })
})
