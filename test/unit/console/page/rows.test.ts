import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { filtered, paged, sorted } from '../../../../console/page/parts/rows.ts'

const ROWS = [
  { name: 'Oslo north', count: 3 },
  { name: 'Bergen', count: 20 },
  { name: 'Oslo south', count: 7 },
]
const COLUMNS = [
  { heading: 'Name', sortBy: ({ name }: (typeof ROWS)[number]) => name },
  { heading: 'Count', sortBy: ({ count }: (typeof ROWS)[number]) => count },
  { heading: 'Note' },
]
const namesOf = (rows: readonly { name: string }[]) => rows.map(({ name }) => name)

describe('the rows of a table', () => {
  it('given two words, when they are the filter, then rows with both in any case are left', () => {
    const found = filtered(ROWS, ' NORTH  oslo', ({ name }) => name)
    assert.deepEqual(namesOf(found), ['Oslo north'])
  })

  it('given no filter, or rows without a text, then all rows are left', () => {
    assert.equal(
      filtered(ROWS, ' ', ({ name }) => name),
      ROWS,
    )
    assert.equal(filtered(ROWS, 'oslo', undefined), ROWS)
  })

  it('given a heading, when it is the order, then numbers are sorted as numbers, up and down', () => {
    assert.deepEqual(namesOf(sorted(ROWS, COLUMNS, 'Count')), ['Oslo north', 'Oslo south', 'Bergen'])
    assert.deepEqual(namesOf(sorted(ROWS, COLUMNS, '-Count')), ['Bergen', 'Oslo south', 'Oslo north'])
  })

  it('given an order that no column has, then the rows stay as they are', () => {
    for (const order of ['', 'Size', 'Note', '-']) assert.equal(sorted(ROWS, COLUMNS, order), ROWS)
  })

  it('given an address that somebody has edited, then the nearest page is shown', () => {
    const pageOf = (page: string) => paged(ROWS, page, 2).at
    assert.deepEqual(['', '2', '9', '-1', 'x', '1.7'].map(pageOf), [1, 2, 2, 1, 1, 1])
    assert.deepEqual(namesOf(paged(ROWS, '2', 2).shown), ['Oslo south'])
    assert.deepEqual(paged([], '1', 2), { shown: [], at: 1, pages: 1 })
  })
})
