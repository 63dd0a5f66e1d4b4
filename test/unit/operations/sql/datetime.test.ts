import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, it } from 'node:test'
import type { SqlDatabase } from '../../../../lib/operations/sql/database.ts'
import { answered, emptyDatabase } from './support.ts'

const TIMES = [
  '2026-03-01',
  '2026-01-28T23:59:59.9996',
  '2024-02-28 23:10:00',
  '2025-12-27 00:00:00.5',
  '2026-03-01 12:00:00+02:30',
  '2026-03-01T12:00:00Z',
]

const MODIFIERS = [
  ...['second', 'minute', 'hour', 'day', 'month', 'year'].flatMap(unit =>
    ['+1', '-1', '+0', '2', '+13', '-40'].map(amount => `${amount} ${unit}s`),
  ),
  ...['+1.5 hours', '-0.75 days', '-1 hour', '+1 DAYS'],
  ...['start of day', 'START OF MONTH', 'start of year', 'weekday 0', 'weekday 3'],
]

describe('datetime(time, modifier)', () => {
  const sqlite = new DatabaseSync(':memory:')
  let database: SqlDatabase

  before(async () => {
    database = await emptyDatabase()
  })
  after(() => {
    database.close()
    sqlite.close()
  })

  const inSqlite = (time: string, modifier: string) =>
    sqlite.prepare('SELECT datetime(?, ?) AS answer').get(time, modifier)?.answer

  it('given a time and a common modifier, then it answers what SQLite answers', async () => {
    const rows = TIMES.flatMap(time => MODIFIERS.map(one => [time, one, String(inSqlite(time, one))]))
    assert.ok(rows.every(([, , answer]) => /^\d{4}-/.test(answer ?? '')))
    const values = rows.map(row => `(${row.map(text => `'${text}'`).join(', ')})`).join(', ')
    const different = `SELECT *, CAST(datetime(time, modifier) AS VARCHAR) AS answer
      FROM (VALUES ${values}) AS all_of(time, modifier, expected) WHERE answer IS DISTINCT FROM expected`
    assert.deepEqual(await answered(database, different), [])
  })

  it('given anything else, then it fails, and names it', async () => {
    for (const modifier of ['', '+1', '1day', '+1 fortnight', 'start of', 'weekday 7', 'localtime', '+02:30'])
      await assert.rejects(answered(database, `SELECT datetime('now', '${modifier}')`), {
        name: 'SqlError',
        message: new RegExp(`datetime: '${modifier.replace('+', '\\+')}' is not a modifier`),
      })
    for (const time of ['nonsense', '2026-13-01', '2026-02-31'])
      await assert.rejects(answered(database, `SELECT datetime('${time}')`), new RegExp(time))
  })

  it('given now, then it is the present time in UTC, less what the modifier says', async () => {
    const sql = `SELECT CAST(epoch(datetime('now', '-1 hour')) AS BIGINT) AS ours, CAST(epoch(datetime('NOW')) AS BIGINT) AS now`
    const [row] = await answered(database, sql)
    const theirs = Date.parse(`${inSqlite('now', '-1 hour')}Z`) / 1000
    assert.ok(Math.abs(Number(row?.ours) - theirs) <= 2, `${row?.ours} and ${theirs}`)
    assert.equal(Number(row?.now) - Number(row?.ours), 3_600)
  })

  it('given a column, with one argument or two, then each row has its own answer, and NULL stays NULL', async () => {
    const sql = `SELECT datetime(t) AS plain, datetime(t, 'start of hour') AS hour, datetime(t, NULL) AS none
      FROM (VALUES (TIMESTAMP '2026-01-31 10:10:00.75'), (NULL)) AS all_of(t)`
    assert.deepEqual(await answered(database, sql), [
      { plain: '2026-01-31 10:10:00', hour: '2026-01-31 10:00:00', none: null },
      { plain: null, hour: null, none: null },
    ])
  })
})
