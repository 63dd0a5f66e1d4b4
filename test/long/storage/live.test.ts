/** A database within seconds, on real servers: from a reading in Kafka to a row, past readers, crashes and an absent server. */
import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, it } from 'node:test'
import { brokers, redisUrl } from '@sluice/test-kit/servers'
import { until } from '@sluice/test-kit/until'
import { environmentReading } from '#runtime/test/support/records'
import { TestEnvironment } from '../../support/environment.ts'
import { Offline } from '../../support/offline.ts'
import { type Postgres, startPostgres } from '../../support/postgres.ts'
import { writtenMessage } from '../../support/written-message.ts'
import { ran } from '../../unit/cli/terminal.ts'

const COUNT = `SELECT alert_type, COUNT(*) AS n FROM alert_log WHERE alert_ts > datetime('now','-1 hour') GROUP BY alert_type`
/**
 * Upper bound for the time from an alert to its row, in milliseconds. On an idle machine it is below a second; on a busy one, each
 * start of the command that asks takes seconds. An alert that waited for a schedule would never have a row, because there is none.
 */
const SOON_MS = 60_000

interface Database {
  readonly url: string
  query(text: string): Promise<readonly Readonly<Record<string, unknown>>[]>
}

/** Functions that write into a database, and what tests do with both. */
class Running {
  readonly environment: TestEnvironment
  readonly offline: Offline
  readonly database: Database
  #sent = 0

  private constructor(environment: TestEnvironment, offline: Offline, database: Database) {
    this.environment = environment
    this.offline = offline
    this.database = database
  }

  static async start(open: (offline: () => Offline) => Promise<Database>): Promise<Running> {
    const environment = await TestEnvironment.create()
    let offline: Offline | undefined
    const database = await open(() => offline as Offline)
    const variables = database.url === '' ? undefined : { STORAGE_URL: database.url }
    offline = await Offline.start(environment.name, variables, {
      only: ['alerting', 'storage', 'dlq-router'],
    })
    const running = new Running(environment, offline, database)
    // The first rows create the tables.
    await running.send(1, 20)
    await running.untilStored(1)
    return running
  }

  async stop(): Promise<void> {
    await this.offline.stop()
    await this.environment.close()
  }

  /** Sends readings of sensors that are too hot or not. */
  async send(count: number, temperature: number): Promise<void> {
    const nowMs = Date.now()
    const events = Array.from({ length: count }, () => {
      const sensor = `s-${this.#sent++}`
      const time = new Date(nowMs).toISOString()
      return { ...environmentReading(`r-${sensor}`, { sensor, temperature }), time }
    })
    const messages = events.map(event => ({ ...writtenMessage(event, 'binary'), key: event.subject ?? null }))
    await this.environment.client.send(this.environment.topic('readings'), messages)
  }

  async count(table: string): Promise<number> {
    return Number((await this.database.query(`SELECT count(*) AS n FROM ${table}`))[0]?.n)
  }

  async untilStored(readings: number): Promise<void> {
    const isStored = () =>
      this.count('readings').then(
        count => count >= readings,
        () => false,
      )
    await until(`${readings} readings are stored`, isStored)
  }

  /** Runs a command for this database. */
  run(...args: readonly string[]) {
    const { url } = this.database
    const address = url === '' ? `sqlite:${this.offline.storageFile}` : url
    return ran(args, {
      environment: {
        ...{ KAFKA_BROKERS: brokers().join(','), REDIS_URL: redisUrl() },
        ...{ SLUICE_ENV: this.environment.name, STORAGE_URL: address },
      },
    })
  }
}

/** Sends hot readings. Returns the time from the append of the alerts to the query that counts them, in milliseconds. */
async function assertAlertsSoon(running: Running): Promise<number> {
  await running.send(3, 41)
  await until('the alerts are counted', async () => {
    const { stdout } = await running.run('sql', COUNT, '--format', 'csv')
    return stdout === `alert_type,n\r\nHIGH_TEMP,3\r\n`
  })
  const alerts = await running.environment.read('alerts')
  const ms = Date.now() - Math.max(...alerts.map(({ timestamp }) => Number(timestamp)))
  assert.ok(ms < SOON_MS, `${ms} ms`)
  return ms
}

async function assertNothingDoubled(running: Running): Promise<void> {
  const before = await running.count('readings')
  const { status, stdout, stderr } = await running.run('etl', '--json')
  assert.equal(status, 0, stderr)
  const { events, records, refused } = JSON.parse(stdout)
  assert.ok(events >= before && records >= events && refused === 0, stdout)
  assert.equal(await running.count('readings'), before)
  const doubled = await running.database.query('SELECT id FROM readings GROUP BY id HAVING count(*) > 1')
  assert.deepEqual(doubled, [])
}

describe('readings and alerts in an SQLite file', () => {
  let running: Running

  before(async () => {
    running = await Running.start(async getOffline => ({
      url: '',
      async query(text) {
        const db = new DatabaseSync(getOffline().storageFile, { readOnly: true })
        try {
          return db.prepare(text).all()
        } finally {
          db.close()
        }
      },
    }))
  })

  after(() => running?.stop())

  // Promise docs/storage.md#the-database-of-the-function-storage | A row is in the database about a second after its record is in Kafka.
  it('given alerts, then people count them within seconds', async t => {
    t.diagnostic(`${await assertAlertsSoon(running)} ms from the alert to its row`)
  })
})

describe('readings and alerts in PostgreSQL', () => {
  let server: Postgres
  let running: Running

  before(async () => {
    server = await startPostgres()
    const url = await server.createDatabase()
    const query = (text: string) => server.query(`${url}?options=-csearch_path%3Dsluice`, text)
    running = await Running.start(async () => ({ url, query }))
  })

  after(async () => {
    await running?.stop()
    await server?.stop()
  })

  it('given alerts, then people count them within seconds', async t => {
    t.diagnostic(`${await assertAlertsSoon(running)} ms from the alert to its row`)
  })

  // Promise docs/storage.md#what-happens-when-something-is-wrong
  it('given a server that goes away and comes back, then the readings of then wait in Kafka, and none is lost or doubled', async () => {
    const stored = await running.count('readings')
    await server.kill()
    await running.send(200, 20)
    // The line of the partition that waits: that of its retries comes at most once a minute.
    await running.offline.says(/"service":"storage".*(does not answer|ended the connection)/)
    await server.start()
    await running.untilStored(stored + 200)
    assert.equal(await running.count('readings'), stored + 200)
    assert.deepEqual(await running.environment.read('failures'), [])
    await assertNothingDoubled(running)
  })
})
