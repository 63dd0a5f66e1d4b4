/** Keys that people search for, and the points of a chart of windows. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseGroup } from '../../../console/api/sql-tables.ts'
import { formatKey, toPoints } from '../../../console/page/sql-tables/window-points.ts'
import type { ColumnType } from '../../../lib/views/plan.ts'
import { COUNTS } from '../../support/memory-tables.ts'

const MINUTE_MS = 60_000

describe('the group that a text names', () => {
  const typed = (...types: ColumnType[]) => ({
    group: types.map(type => ({
      ...COUNTS.group[0],
      name: 'key',
      type,
      value: { kind: 'group', index: 0 } as const,
    })),
  })

  it('given a key of one column, then the text is its value', () => {
    assert.deepEqual(parseGroup(typed('VARCHAR'), '7'), ['7'])
    assert.deepEqual(parseGroup(typed('BIGINT'), '7'), [7])
  })

  it('given nothing, another type or several columns, then no group is named', () => {
    assert.equal(parseGroup(typed('VARCHAR'), ''), undefined)
    assert.equal(parseGroup(typed('BIGINT'), 'seven'), undefined)
    assert.equal(parseGroup(typed('VARCHAR', 'VARCHAR'), 'a'), undefined)
  })
})

describe('the points of a chart', () => {
  const row = (minute: number, value: number | null) => ({
    values: { device: 'd1', mean: value },
    window: { startMs: minute * MINUTE_MS, endMs: (minute + 1) * MINUTE_MS },
  })

  it('given windows in any order, then they are in that of their starts, with gaps and nulls', () => {
    const { times, lists } = toPoints([row(2, 3), row(1, null), row(3, 5), row(9, 4)], 'mean')
    assert.deepEqual(times, [60, 120, 180, 360, 540])
    assert.deepEqual(lists, [[null, 3, 5, null, 4]])
  })

  it('given columns of a key, then its text has all of them', () => {
    const columns = ['device', 'model', 'mean'].map(name => {
      return { name, type: 'VARCHAR' as const, isKey: name !== 'mean', isApproximate: false }
    })
    assert.equal(formatKey(columns, { values: { device: 'd1', model: null, mean: 1 } }), 'd1, null')
  })
})
