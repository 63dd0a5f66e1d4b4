import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, it } from 'node:test'
import type { SqlDatabase } from '../../../../lib/operations/sql/database.ts'
import { answered, emptyDatabase } from './support.ts'

const TIMES = [
  '2026-03-01',
  '2026-01-31T23:59:59.9996',
  '2024-02-29 23:10:00',
  '2025-12-31 00:00:00.5',
  '12:34',
  '12:34:56.789',
  '2026-03-01 12:00:00+02:30',
  '2026-03-01 12:00:00 -01:00',
  '2026-03-01 12:00Z',
  '2460000.5',
  '1700000000',
  '1700000000.75',
  '0900-06-15 08:00',
  '9999-12-31 23:59:59',
  'nonsense',
  '',
  '2026-13-01',
  '2026-3-1',
  '2026-00-01',
  '2026-03-00',
  '2026-03-01 12:61',
  '2026-03-01 25:00',
  '2026-03-01 00:00:60',
  ' 2026-03-01',
]

const MODIFIERS = [
  ...['second', 'minute', 'hour', 'day', 'month', 'year'].flatMap(unit =>
    ['+1', '-1', '+0', '2', '+1.5', '-0.75', '+13', '-40.25', '+.5', '.5', '+1.', '1e2', '+', '1x'].map(
      amount => `${amount} ${unit}s`,
    ),
  ),
  '-1 hour',
  '+1 DAYS',
  '+1  day',
  '+1 day ',
  ' +1 day',
  '1day',
  '+1 fortnight',
  '+1',
  '+999999999 days',
  '+9000 years',
  'start of day',
  'START OF MONTH',
  'start of year',
  'start of',
  'weekday 0',
  'weekday 3',
  'weekday 6.0',
  'weekday 7',
  'weekday -1',
  '+02:30',
  '-02:30:15.5',
  '02:30',
  '+24:00',
  '+25:00',
  '+0001-02-03',
  '-0001-02-03 04:05',
  '-0001-11-30 23:59:59.999',
  '+0001-12-01',
  '0001-02-03',
  'unixepoch',
  'julianday',
  'auto',
  'ceiling',
  'floor',
  '',
]

/** SQLite counts back into years before our era, which are no times here. */
const isOurs = (answer: unknown) => typeof answer === 'string' && /^\d{4}-/.test(answer) && answer >= '0001'

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
  const pairs = TIMES.flatMap(time => MODIFIERS.map(modifier => [time, modifier] as const))

  it('given what SQLite understands, then it answers what SQLite answers', async () => {
    const rows = pairs
      .map(([time, modifier]) => [time, modifier, inSqlite(time, modifier)] as const)
      .filter(([, , answer]) => isOurs(answer))
    assert.ok(rows.length > 700, `${rows.length} pairs`)
    const values = rows.map(row => `(${row.map(text => `'${text}'`).join(', ')})`).join(', ')
    const different = `SELECT *, CAST(datetime(time, modifier) AS VARCHAR) AS answer
      FROM (VALUES ${values}) AS all_of(time, modifier, expected) WHERE answer IS DISTINCT FROM expected`
    assert.deepEqual(await answered(database, different), [])
  })

  it('given what SQLite does not understand, then it fails, and names what is wrong', async () => {
    const wrong = pairs.filter(([time, modifier]) => inSqlite(time, modifier) === null)
    assert.ok(wrong.length > 500, `${wrong.length} pairs`)
    // Each costs a statement of its own.
    for (const [time, modifier] of wrong.filter((_, index) => index % 29 === 0))
      await assert.rejects(answered(database, `SELECT datetime('${time}', '${modifier}')`), {
        name: 'SqlError',
        message: /^Invalid Input Error: datetime: '.*' (is not|with .* is outside)/,
      })
  })

  it('given now, then it is the present time in UTC, less what the modifier says', async () => {
    const sql = `SELECT CAST(epoch(datetime('now', '-1 hour')) AS BIGINT) AS ours, CAST(epoch(datetime('NOW')) AS BIGINT) AS now`
    const [row] = await answered(database, sql)
    const theirs = Date.parse(`${inSqlite('now', '-1 hour')}Z`) / 1000
    assert.ok(Math.abs(Number(row?.ours) - theirs) <= 2, `${row?.ours} and ${theirs}`)
    assert.equal(Number(row?.now) - Number(row?.ours), 3_600)
  })

  it('given a column, with one argument or two, then each row has its own answer, and NULL stays NULL', async () => {
    const sql = `SELECT datetime(t) AS plain, datetime(t, '+1 month') AS later, datetime(t, NULL) AS none
      FROM (VALUES (TIMESTAMP '2026-01-31 10:00:00.75'), (NULL)) AS all_of(t)`
    assert.deepEqual(await answered(database, sql), [
      { plain: '2026-01-31 10:00:00', later: '2026-03-03 10:00:00', none: null },
      { plain: null, later: null, none: null },
    ])
  })

  it('given the additions, then they cut to the hour or minute, keep fractions, and refuse time zones', async () => {
    const sql = `SELECT datetime('2026-03-01 12:34:56.789', 'start of hour') AS hour,
      datetime('2026-03-01 12:34:56.789', 'start of minute') AS minute, datetime('2026-03-01 12:34:56.789', 'subsec') AS all`
    assert.deepEqual(await answered(database, sql), [
      { hour: '2026-03-01 12:00:00', minute: '2026-03-01 12:34:00', all: '2026-03-01 12:34:56.789' },
    ])
    await assert.rejects(answered(database, `SELECT datetime('now', 'localtime')`), /all times are UTC/)
    await assert.rejects(answered(database, `SELECT datetime('2026-02-31', '+1 day')`), /is not a time/)
  })
})
