import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { column, count } from '../../../../control/questions/column.ts'
import { findQuestionViews, listViewColumns } from '../../../../control/sql/question-views.ts'

describe('views of questions', () => {
  for (const [statements, views] of [
    ['SELECT * FROM topics JOIN "Groups" USING (topic)', ['topics', 'groups']],
    ['DESCRIBE silences; select 1 from a,open_dead_letters', ['open_dead_letters', 'silences']],
    ["SELECT count(*) AS topics FROM readings WHERE rule = 'groups'", []],
  ] as const)
    it(`given ${statements}, then only those that it reads are found`, () => {
      assert.deepEqual(findQuestionViews(statements), views)
    })

  it('given columns, then each member is one column in snake_case, with a type of SQL', () => {
    const columns = [
      column('failedAt', { type: 'time' }),
      count('attempt'),
      column('inSync', { type: 'list' }),
      count('attempt', { heading: 'Again' }),
      column('state'),
    ]
    assert.deepEqual(
      listViewColumns(columns).map(({ name, type }) => `${name} ${type}`),
      ['failed_at TIMESTAMP', 'attempt INT64', 'in_sync JSON', 'state STRING'],
    )
  })
})
