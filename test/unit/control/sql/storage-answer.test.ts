import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { isOfStorage, STORAGE_NAMES } from '../../../../control/sql/storage-answer.ts'
import { VIEWS } from '../../../../control/sql/views.ts'
import { SQLITE, SqliteStorage } from '../../../../lib/storage/adapters/sqlite.ts'
import { toRows } from '../../../../lib/storage/rows.ts'
import { TABLES } from '../../../../lib/storage/table.ts'
import { buildViews } from '../../../../lib/storage/views.ts'
import { FAMILIES } from '../../../support/families.ts'
import { storedAlert, storedReading } from '../../../support/stored-events.ts'
import { ran } from '../../cli/terminal.ts'

describe('a statement about the database of storage', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-storage-answer-'))
  const sql = (statement: string, ...options: readonly string[]) =>
    ran(['sql', statement, ...options], { folder, environment: { STORAGE_URL: 'sqlite:a b%.db' } })

  before(async () => {
    const storage = new SqliteStorage(join(folder, 'a b%.db'))
    await storage.write(
      toRows(FAMILIES, [storedReading('r', { temperature: 41 }), storedAlert('fired', 'a')]),
      'replace',
    )
    await storage.close()
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  it('then the names are those of the tables and views that DuckDB does not have', () => {
    const all = [...TABLES, ...buildViews(SQLITE)].map(({ name }) => name)
    assert.deepEqual(all.filter(name => !VIEWS.some(view => view === name)).sort(), STORAGE_NAMES.toSorted())
  })

  it('given a table or view that only it has, or its schema, then it is asked', () => {
    const own = [
      'select 1 FROM\n"alert_log" a',
      'SELECT 1 FROM sluice.readings',
      'SELECT 1 from "sluice".analytics',
    ]
    const joined = [
      'SELECT 1 FROM readings JOIN alert_log USING (x)',
      'WITH a AS (SELECT 1 FROM minutes) SELECT 1 FROM a',
    ]
    for (const statement of [...own, ...joined]) assert.ok(isOfStorage(statement), statement)
    const texts = ["SELECT 'FROM x alert_log' FROM alerts", 'SELECT minutes FROM readings']
    for (const statement of [...texts, 'SELECT 1 FROM alert_logs', 'CREATE TABLE minutes (a INT)'])
      assert.ok(!isOfStorage(statement), statement)
  })

  // Promise docs/alerts.md#sql
  it('then alert_log is answered without the program of SQLite, in every format', async () => {
    const count = 'SELECT alert_type, COUNT(*) AS n, NULL AS x FROM alert_log GROUP BY alert_type;'
    assert.equal((await sql(count, '--format', 'csv')).stdout, 'alert_type,n,x\r\nHIGH_TEMP,1,\r\n')
    assert.equal((await sql(count)).stdout, 'alert_type  n  x\nHIGH_TEMP   1  NULL\n(1 row)\n')
    const { answers } = JSON.parse((await sql(count, '--format', 'json')).stdout)
    assert.deepEqual(answers[0].rows, [{ alert_type: 'HIGH_TEMP', n: 1, x: null }])
    const readings = await sql('SELECT count(*) AS n FROM sluice.readings', '--format', 'csv')
    assert.equal(readings.stdout, 'n\r\n1\r\n')
  })

  it('given two statements, a write, another file, or a wrong name, then the reason is shown, and nothing changes', async () => {
    for (const [statement, reason] of [
      ['SELECT 1 FROM alert_log; SELECT 2', /: write one statement\n$/],
      ['WITH a AS (SELECT 1) DELETE FROM sluice.readings', /not authorized/],
      ["SELECT load_extension('x') FROM alert_log", /not authorized/],
      ['SELECT absent FROM alert_log', /^The database of storage: no such column: absent\n$/],
    ] as const) {
      const { status, stderr } = await sql(statement)
      assert.equal(status, 1, statement)
      assert.match(stderr, reason)
    }
    assert.match((await sql('SELECT 1 FROM alert_log', '--since', '1h')).stderr, /WHERE/)
    const missing = await ran(['sql', 'SELECT 1 FROM alert_log'])
    assert.match(missing.stderr, /^Set STORAGE_URL to the database/)
    assert.equal((await sql('SELECT 1 AS n FROM sluice.readings', '--format', 'csv')).stdout, 'n\r\n1\r\n')
  })
})
