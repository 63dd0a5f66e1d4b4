/** The warehouse in a real PostgreSQL: loaded while processes are killed, queried as people do, and its errors. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { SHOWN } from '../../lib/warehouse/adapters/common-sql.ts'
import { PostgresTarget } from '../../lib/warehouse/adapters/postgres.ts'
import { SqliteTarget } from '../../lib/warehouse/adapters/sqlite.ts'
import { ALERT_LOG } from '../../lib/warehouse/alert-marts.ts'
import { WarehouseFailure, type WarehouseTarget } from '../../lib/warehouse/target.ts'
import { freePort } from '../../localstack/services/ports.ts'
import { FolderHistoryStore } from '../support/folder-history.ts'
import { startPostgres } from '../support/postgres.ts'
import { until } from '../support/until.ts'
import {
  alertEventOf,
  archive,
  historyOf,
  loaded,
  martsOf,
  NOON,
  readingOf,
} from '../support/warehouse-log.ts'

const READINGS = 'sluice.telemetry.readings.test'
const ALERTS = 'sluice.telemetry.alerts.test'
const PARTITIONS = [0, 1, 2, 3]
const EACH = 15_000

const server = await startPostgres()
const folder = await mkdtemp(join(tmpdir(), 'sluice-history-'))
after(async () => {
  await server.stop()
  await rm(folder, { recursive: true })
})
const store = new FolderHistoryStore(folder)

/** Writes readings of 20 sensors in each partition, one of 100 repeated, and alerts. */
async function writeHistory(): Promise<void> {
  for (const partition of PARTITIONS)
    for (let first = 0; first < EACH; first += 5_000) {
      const events = Array.from({ length: 5_000 }, (_, index) => {
        const number = first + index - (index % 100 === 99 ? 50 : 0)
        const id = `${partition}-${number}`
        return readingOf(id, `roof-${partition}-${number % 20}`, NOON + number * 1000, {
          temperature: number % 37,
          humidity: 50.5,
        })
      })
      await archive(store, historyOf(READINGS, events, { partition, first }))
    }
  const alerts = Array.from({ length: 200 }, (_, index) => alertEventOf('fired', `a${index}`))
  const ends = alerts
    .slice(0, 150)
    .map((_, index) => alertEventOf('resolved', `a${index}`, { atMs: NOON + index * 1000 }))
  await archive(store, historyOf(ALERTS, [...alerts, ...ends]))
}

await writeHistory()
const inOneRun = new SqliteTarget(join(folder, 'one-run.db'))
await loaded(store, inOneRun)
const expected = await martsOf(inOneRun)
await inOneRun.close()

async function rowsAt(target: WarehouseTarget) {
  await target.open()
  return await martsOf(target).finally(() => target.close())
}

function load(url: string) {
  const script = join(import.meta.dirname, '../support/warehouse-loader.ts')
  return spawn(process.execPath, [script, url, folder], { stdio: ['ignore', 'inherit', 'inherit'] })
}

const WAITING = `SELECT 1 FROM pg_stat_activity WHERE application_name = 'sluice-etl' AND wait_event_type = 'Lock'`

describe('loading PostgreSQL', () => {
  it('given a loader killed within a step, then the step left nothing, and the next run loads all once', async () => {
    const url = await server.createDatabase()
    const target = new PostgresTarget(url)
    await target.open()
    await target.close()
    // The step waits for this lock after it has written the statistics.
    const { Client } = await import('pg')
    const locking = new Client({ connectionString: url })
    await locking.connect()
    await locking.query('BEGIN; LOCK TABLE sluice.readings_daily IN ACCESS EXCLUSIVE MODE')
    const loader = load(url)
    await until('the step waits', async () => (await server.query(url, WAITING)).length > 0)
    loader.kill('SIGKILL')
    await once(loader, 'exit')
    await locking.query('ROLLBACK')
    await locking.end()
    for (const table of ['readings_hourly', 'watermarks'])
      assert.deepEqual(await server.query(url, `SELECT * FROM sluice.${table}`), [])
    const [code] = await once(load(url), 'exit')
    assert.equal(code, 0)
    assert.deepEqual(await rowsAt(new PostgresTarget(url)), expected)
  })
})

describe('queries in PostgreSQL', () => {
  it('given the statements of the alert log, then they work on the view, and each column has a comment', async () => {
    const url = await server.createDatabase()
    const target = new PostgresTarget(url)
    await loaded(store, target)
    await target.close()
    const found = await server.query(url, 'SELECT * FROM sluice_bi.alert_log WHERE resolved_ts IS NULL')
    assert.equal(found.length, 50)
    assert.deepEqual(
      Object.keys(found[0] ?? {}),
      ALERT_LOG.columns.map(([name]) => name),
    )
    const path = `${url}?options=-csearch_path%3Dsluice_bi`
    const counted = (await server.query(
      path,
      `SELECT alert_type, COUNT(*) as count FROM alert_log WHERE alert_ts > datetime('2026-03-01 12:00:00', '-1 hour') GROUP BY alert_type;`,
    )) as { alert_type: string; count: string }[]
    assert.deepEqual(counted, [{ alert_type: 'HIGH_TEMP', count: '200' }])
    assert.deepEqual(
      await server.query(path, `SELECT 1 FROM alert_log WHERE alert_ts > datetime('now', '-1 hour')`),
      [],
    )
    const uncommented = await server.query(
      url,
      `SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
        WHERE c.relnamespace = 'sluice_bi'::regnamespace AND (col_description(c.oid, a.attnum) IS NULL OR obj_description(c.oid) IS NULL)`,
    )
    assert.deepEqual(uncommented, [])
    const views = await server.query(
      url,
      `SELECT relname FROM pg_class WHERE relnamespace = 'sluice_bi'::regnamespace ORDER BY 1`,
    )
    assert.deepEqual(
      views.map(({ relname }) => relname),
      SHOWN.map(({ name }) => name).toSorted(),
    )
  })
})

describe('errors of PostgreSQL', () => {
  const changed = (url: string, parts: Partial<URL>) => Object.assign(new URL(url), parts).href

  async function failureAt(url: string): Promise<string> {
    const target = new PostgresTarget(url)
    try {
      await target.open()
    } catch (error) {
      assert.ok(error instanceof WarehouseFailure, String(error))
      return error.message
    } finally {
      await target.close()
    }
    return assert.fail('the warehouse was opened')
  }

  const cases: readonly (readonly [
    given: string,
    url: (url: string) => string | Promise<string>,
    then: RegExp,
  ])[] = [
    ['a wrong password', url => changed(url, { password: 'secret-guess' }), /password or the user is wrong/],
    ['no server', async url => changed(url, { port: String(await freePort()) }), /cannot be reached/],
    ['TLS, which the server lacks', url => `${url}?sslmode=require`, /TLS connection failed/],
    ['an address that cannot be read', () => 'postgres://u:secret@[:/x', /must be postgres/],
  ]
  for (const [given, urlOf, then] of cases)
    it(`given ${given}, then the message says so, without the password`, async () => {
      const url = await server.createDatabase()
      const tried = await urlOf(url)
      const message = await failureAt(tried).catch(error => {
        // An address that cannot be read fails at once.
        assert.ok(error instanceof WarehouseFailure, String(error))
        return error.message
      })
      assert.match(message, then)
      for (const secret of [server.password, 'secret']) assert.ok(!message.includes(secret), message)
    })

  it('given a value that the server rejects, then the message does not contain it', async () => {
    const url = await server.createDatabase()
    const target = new PostgresTarget(url)
    await target.open()
    await target.close()
    await server.query(url, `ALTER TABLE sluice.alerts ADD CHECK (summary <> 'Too hot: 31 °C')`)
    const next = new PostgresTarget(url)
    const failed = await loaded(store, next).catch(error => error)
    await next.close()
    assert.ok(failed instanceof WarehouseFailure)
    assert.match(failed.message, /23514/)
    assert.ok(!failed.message.includes('hot'))
  })
})
