import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { after, afterEach, beforeEach, describe, it } from 'node:test'
import { readConfig } from '../../../../lib/app/config.ts'
import { MAX_ROWS, type SqlState } from '../../../../lib/operations/sql/engine.ts'
import { LocalSqlEngine } from '../../../../lib/operations/sql/local-engine.ts'
import { until } from '../../../support/until.ts'
import { privateFolder } from './support.ts'

const CONFIG = readConfig({
  SLUICE_ENV: 'test-1',
  KAFKA_BROKERS: '127.0.0.1:1',
  REDIS_URL: 'redis://127.0.0.1:1',
})

const STATEMENTS = {
  values: `SELECT 7 AS number, 1.5 AS fraction, true AS flag, 'a "text"' AS text, CAST(NULL AS varchar) AS missing, 9007199254740993 AS big`,
  none: 'SELECT 1 AS one WHERE 1 = 2',
  many: `SELECT n FROM UNNEST(range(${MAX_ROWS + 500})) AS t(n)`,
  exact: `SELECT n FROM UNNEST(range(${MAX_ROWS})) AS t(n)`,
  wrong: 'SELECT nothing',
  endless: `SELECT sum(a.n * b.n) FROM UNNEST(range(1000000)) AS a(n), UNNEST(range(1000000)) AS b(n)`,
} as const

describe('SQL for a page, in a child process', () => {
  const engine = new LocalSqlEngine(CONFIG, {})
  after(() => engine.close())

  async function ended(statements: string): Promise<SqlState> {
    const id = await engine.start({ statements })
    let state: SqlState | undefined
    await until('the query ends', async () => {
      state = await engine.state(id)
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
    const id = await engine.start({ statements: STATEMENTS.endless })
    await until('the query runs', async () => (await engine.state(id))?.state === 'running')
    await engine.cancel(id)
    await engine.cancel(id)
    await until('it is cancelled', async () => (await engine.state(id))?.state === 'cancelled')
  })

  it('given an id of no query, then there is no state, and nothing to cancel', async () => {
    const id = '00000000-0000-0000-0000-000000000000'
    assert.equal(await engine.state(id), undefined)
    await engine.cancel(id)
  })

  it('given the list of views, then each has columns with types', async () => {
    const views = await engine.views()
    const readings = views.find(view => view.name === 'readings')
    assert.ok(readings?.columns.some(column => column.name === 'offset' && /bigint/i.test(column.type)))
    assert.ok(views.every(({ columns }) => columns.length > 0))
  })
})

describe('child processes', () => {
  const before = process.env.TMPDIR
  const temporary = privateFolder()
  const folders = () => readdirSync(temporary).length
  // Other tests use the usual folder at the same time.
  beforeEach(() => {
    process.env.TMPDIR = temporary
  })
  afterEach(() => {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
  })

  it('given more queries than may run, then the next is refused; at the end, their folders are gone', async () => {
    const engine = new LocalSqlEngine(CONFIG, {})
    try {
      await engine.start({ statements: STATEMENTS.endless })
      await engine.start({ statements: STATEMENTS.endless })
      assert.equal(folders(), 2)
      await assert.rejects(engine.start({ statements: 'SELECT 1' }), /2 queries are running\. Cancel one/)
    } finally {
      await engine.close()
    }
    assert.equal(folders(), 0)
  })
})
