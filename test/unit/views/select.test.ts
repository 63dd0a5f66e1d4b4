import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { compilePlan } from '../../../lib/views/language/compile-plan.ts'
import { compileSelect, type TableSelection } from '../../../lib/views/language/compile-select.ts'
import { parse } from '../../../lib/views/language/parser.ts'
import { StatementError } from '../../../lib/views/language/statement-error.ts'
import { FAMILIES } from '../../support/families.ts'
import { goldenAnswers } from '../../support/golden.ts'

const PLAN = compilePlan(
  FAMILIES,
  [
    {
      name: 'a.sql',
      text: `CREATE STREAM r (device_id VARCHAR, activity VARCHAR, x DOUBLE) WITH (KAFKA_TOPIC = 'readings');
        CREATE TABLE counts AS SELECT COUNT(*) AS n, activity, device_id AS device FROM r GROUP BY device_id, activity;
        CREATE TABLE minutes AS SELECT AVG(x) AS avg_x, device_id FROM r WINDOW TUMBLING (SIZE 1 MINUTE) GROUP BY device_id;`,
    },
  ],
  parse,
)
const ask = (text: string) => compileSelect(text, PLAN, parse)
const select = (text: string) => ask(text) as TableSelection

describe('a question to a table', () => {
  it('given *, then the columns are the group, the window and the others', () => {
    const { columns, isPush, selectRow } = select('select * from MINUTES;')
    assert.deepEqual(columns, [
      { name: 'device_id', type: 'VARCHAR' },
      { name: 'WINDOWSTART', type: 'TIMESTAMP' },
      { name: 'WINDOWEND', type: 'TIMESTAMP' },
      { name: 'avg_x', type: 'DOUBLE' },
    ])
    assert.equal(isPush, false)
    const row = { values: { device_id: 'a', avg_x: 1.5 }, window: { startMs: 0, endMs: 60_000 } }
    assert.deepEqual(selectRow(row), ['a', 0, 60_000, 1.5])
  })

  it('given a condition on the whole group, then the key has its order; on a part, there is none', () => {
    assert.deepEqual(
      select("SELECT n FROM counts WHERE 'walking' = activity AND device = 'a' AND n > 1").key,
      ['a', 'walking'],
    )
    assert.equal(select("SELECT n FROM counts WHERE device = 'a'").key, undefined)
    assert.equal(
      select("SELECT n FROM counts WHERE device = 'a' OR activity = 'b' AND device = 'c'").key,
      undefined,
    )
    assert.equal(select("SELECT n FROM counts WHERE device <> 'a' AND activity = 'b'").key, undefined)
  })

  it('given bounds of windows, then rows outside are not selected', () => {
    const { selectRow, key } = select(
      "SELECT avg_x * 2 AS twice, device_id FROM minutes WHERE device_id = 'a' AND windowstart BETWEEN 60000 AND '1970-01-01T00:02:00Z'",
    )
    assert.deepEqual(key, ['a'])
    const rowAt = (startMs: number) => ({
      values: { device_id: 'a', avg_x: 1 },
      window: { startMs, endMs: startMs + 60_000 },
    })
    assert.deepEqual(selectRow(rowAt(60_000)), [2, 'a'])
    assert.equal(selectRow(rowAt(180_000)), undefined)
  })

  it('given ROWTIME, then it is the time of the newest row, which conditions can use and * does not contain', () => {
    const rows = [5, undefined].map(rowtimeMs => ({ values: { n: 1 }, ...(rowtimeMs && { rowtimeMs }) }))
    const { columns, selectRow } = select(
      "SELECT n, rowtime FROM counts WHERE ROWTIME < '1970-01-01T00:00:01Z'",
    )
    assert.deepEqual(columns[1], { name: 'rowtime', type: 'TIMESTAMP' })
    assert.deepEqual(rows.map(selectRow), [[1, 5], undefined])
    assert.deepEqual(rows.map(select('SELECT n, ROWTIME + 1 AS later FROM counts').selectRow), [
      [1, 6],
      [1, null],
    ])
    const change = { table: 'counts', generation: '1', row: { n: 2 } }
    const { selectChange } = select('SELECT n, ROWTIME FROM counts EMIT CHANGES')
    assert.deepEqual(selectChange({ ...change, rowtime: '1970-01-01T00:00:00.007Z' }), [2, 7])
    assert.deepEqual(selectChange(change), [2, null])
  })

  it('given values without names, then they are counted, and pass over names that are taken', () => {
    const namesOf = (text: string) => select(text).columns.map(({ name }) => name)
    assert.deepEqual(namesOf('SELECT device, n + 1, n AS KSQL_COL_1, n + 2 FROM counts'), [
      ...['device', 'KSQL_COL_0', 'KSQL_COL_1', 'KSQL_COL_2'],
    ])
  })

  it('given a fault of the compiler, then it is an error with a position', () => {
    const broken = { ...PLAN, tables: [{ ...PLAN.tables[0], name: 'odd', columns: undefined } as never] }
    assert.throws(() => compileSelect('\n SELECT n FROM odd', broken, parse), {
      name: 'StatementError',
      message: /^statement:2:2 {2}the statement cannot be compiled, because of a fault of Sluice/,
    })
  })

  it('given EMIT FINAL and LIMIT, then only final changes are selected', () => {
    const { isPush, limit, selectChange } = select('SELECT WINDOWEND, avg_x FROM minutes EMIT FINAL LIMIT 3')
    assert.deepEqual([isPush, limit], [true, 3])
    const change = {
      table: 'minutes',
      generation: '1',
      row: { device_id: 'a', avg_x: null },
      window: { start: '1970-01-01T00:00:00.000Z', end: '1970-01-01T00:01:00.000Z' },
    }
    assert.equal(selectChange(change), undefined)
    assert.deepEqual(selectChange({ ...change, final: true }), [60_000, null])
  })

  it('given a row that has ended, then its key is a change, unless the condition excludes the key', () => {
    const change = { table: 'counts', generation: '1', row: { activity: 'a', n: null }, tombstone: true }
    const getChange = (where: string) =>
      select(`SELECT * FROM counts ${where} EMIT CHANGES`).selectChange(change)
    assert.deepEqual(getChange(''), ['a', null, null])
    assert.deepEqual(getChange("WHERE activity = 'a' AND n > 3"), ['a', null, null])
    assert.equal(getChange("WHERE activity = 'b'"), undefined)
  })

  it('given a generation that is being built, then the one that is read is found', () => {
    const tables = [...PLAN.tables.map(table => ({ ...table, generation: 'new' })), ...PLAN.tables]
    const selection = compileSelect('SELECT * FROM counts', { ...PLAN, tables, building: ['new'] }, parse)
    assert.equal('table' in selection && selection.table, PLAN.tables[0])
  })

  it('given a stream, then its events are rows: fields of data, attributes and a condition', () => {
    const selection = ask(
      "SELECT r.activity, x * 2 AS twice, SUBJECT, ROWTIME FROM r WHERE SOURCE LIKE '/device/%' EMIT CHANGES LIMIT 2;",
    )
    assert.ok('stream' in selection)
    assert.deepEqual([selection.isPush, selection.limit], [true, 2])
    assert.deepEqual(
      selection.columns.map(({ name, type }) => `${name} ${type}`),
      ['activity VARCHAR', 'twice DOUBLE', 'SUBJECT VARCHAR', 'ROWTIME TIMESTAMP'],
    )
    const event = { source: '/device/a', subject: 'd', timeMs: 7, data: { activity: 'sit', x: 1.5 } }
    assert.deepEqual(selection.selectEvent(event), ['sit', 3, 'd', 7])
    assert.equal(selection.selectEvent({ ...event, source: '/other' }), undefined)
    assert.deepEqual(
      ask('SELECT * FROM R EMIT CHANGES').columns.map(({ name }) => name),
      ['device_id', 'activity', 'x'],
    )
  })

  it('given queries with errors, then the place and the problem are named', () =>
    goldenAnswers('select', text => {
      try {
        select(text)
      } catch (error) {
        if (error instanceof StatementError) return error.message
        throw error
      }
      return 'no error'
    }))

  it('given other statements, then they are parsed', () => {
    const kinds = parse(
      'SHOW TABLES; list streams; DESCRIBE EXTENDED a; DESCRIBE b EXTENDED; DROP TABLE IF EXISTS c DELETE TOPIC;',
    )
    assert.deepEqual(
      kinds.map(statement => [
        statement.kind,
        'name' in statement ? statement.name.text : 'of' in statement && statement.of,
      ]),
      [
        ['show', 'tables'],
        ['show', 'streams'],
        ['describe', 'a'],
        ['describe', 'b'],
        ['drop', 'c'],
      ],
    )
  })
})
