/** What every implementation of the port for SQL queries of a page must do. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { MAX_ROWS, type SqlEngine, type SqlState } from '../../lib/operations/sql/engine.ts'
import { until } from '../support/until.ts'

export const STATEMENTS = {
  values: `SELECT 7 AS number, 1.5 AS fraction, true AS flag, 'a "text"' AS text, CAST(NULL AS varchar) AS missing, 9007199254740993 AS big`,
  none: 'SELECT 1 AS one WHERE 1 = 2',
  many: `SELECT n FROM UNNEST(range(${MAX_ROWS + 500})) AS t(n)`,
  exact: `SELECT n FROM UNNEST(range(${MAX_ROWS})) AS t(n)`,
  wrong: 'SELECT nothing',
  endless: `SELECT sum(a.n * b.n) FROM UNNEST(range(1000000)) AS a(n), UNNEST(range(1000000)) AS b(n)`,
} as const

interface Opened {
  readonly engine: SqlEngine
  close(): Promise<void>
}

export function sqlEngineConforms(name: string, open: () => Promise<Opened>): void {
  describe(`${name}: SQL for a page`, () => {
    let opened: Opened
    before(async () => {
      opened = await open()
    })
    after(() => opened.close())

    async function ended(statements: string): Promise<SqlState> {
      const id = await opened.engine.start({ statements })
      let state: SqlState | undefined
      await until('the query ends', async () => {
        state = await opened.engine.state(id)
        return state?.state !== 'running'
      })
      assert.ok(state)
      return state
    }

    it('given values of each kind, then they keep their types, and no digit is lost', async () => {
      const answer = await ended(STATEMENTS.values)
      assert.ok(answer.state === 'done', JSON.stringify(answer))
      assert.deepEqual(
        answer.columns.map(column => column.name),
        ['number', 'fraction', 'flag', 'text', 'missing', 'big'],
      )
      assert.deepEqual(
        answer.columns.map(({ isNumber }) => isNumber),
        [true, true, false, false, false, true],
      )
      assert.deepEqual(answer.rows, [[7, 1.5, true, 'a "text"', null, '9007199254740993']])
      assert.deepEqual([answer.isCut, answer.notices], [false, []])
      assert.ok(answer.tookMs >= 0)
    })

    it('given no row, then there are columns', async () => {
      const answer = await ended(STATEMENTS.none)
      assert.ok(answer.state === 'done', JSON.stringify(answer))
      assert.deepEqual([answer.columns.length, answer.rows, answer.isCut], [1, [], false])
    })

    it('given as many rows as there may be, or more, then it says whether rows are left out', async () => {
      for (const [statements, isCut] of [
        [STATEMENTS.exact, false],
        [STATEMENTS.many, true],
      ] as const) {
        const answer = await ended(statements)
        assert.ok(answer.state === 'done', JSON.stringify(answer))
        assert.deepEqual([answer.rows.length, answer.isCut], [MAX_ROWS, isCut])
        assert.deepEqual(answer.rows[MAX_ROWS - 1], [MAX_ROWS - 1])
      }
    })

    it('given a wrong statement, then it fails with a message', async () => {
      const answer = await ended(STATEMENTS.wrong)
      assert.ok(answer.state === 'failed', JSON.stringify(answer))
      assert.match(answer.message, /nothing/)
    })

    it('given a query that runs, when it is cancelled, also twice, then it is cancelled', async () => {
      const id = await opened.engine.start({ statements: STATEMENTS.endless })
      await until('the query runs', async () => (await opened.engine.state(id))?.state === 'running')
      await opened.engine.cancel(id)
      await opened.engine.cancel(id)
      await until('it is cancelled', async () => (await opened.engine.state(id))?.state === 'cancelled')
    })

    it('given an id of no query, then there is no state, and nothing to cancel', async () => {
      const id = '00000000-0000-0000-0000-000000000000'
      assert.equal(await opened.engine.state(id), undefined)
      await opened.engine.cancel(id)
    })

    it('given the list of views, then each has columns with types', async () => {
      const views = await opened.engine.views()
      const readings = views.find(view => view.name === 'readings')
      assert.ok(readings?.columns.some(column => column.name === 'offset' && /bigint/i.test(column.type)))
      assert.ok(views.every(({ columns }) => columns.length > 0))
    })
  })
}
