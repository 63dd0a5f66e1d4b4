import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, describe, it } from 'node:test'
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { types } from 'pg'
import { freePort } from '#local-servers/ports.ts'
import { RetryableError } from '#runtime/consumer/index.ts'
import { openStorage } from '../../../lib/app/storage.ts'
import { PostgresStorage } from '../../../lib/storage/adapters/postgres.ts'
import { toRows } from '../../../lib/storage/rows.ts'
import { storageConformance } from '../../conformance/storage.ts'
import { startPostgres } from '../../support/postgres.ts'
import { awsEndpoint } from '../../support/servers.ts'
import { storedReading } from '../../support/stored-events.ts'

const server = await startPostgres()
after(() => server.stop())
types.setTypeParser(types.builtins.INT8, Number)

/** People query with this path, and with the time zone of their session. */
const withPath = (url: string) => `${url}?options=-csearch_path%3Dsluice%20-cTimeZone%3DEurope%2FBerlin`

storageConformance('PostgreSQL', async () => {
  const url = await server.createDatabase()
  return { connect: () => new PostgresStorage(url), query: text => server.query(withPath(url), text) }
})

const CREDENTIALS = { accessKeyId: 'none', secretAccessKey: 'none' }
const ROWS = toRows([storedReading('secret-id', { temperature: 20 })])

describe('PostgreSQL', () => {
  it('given a server that goes away and comes back, then the rows wait, and each is there once', async () => {
    const url = await server.createDatabase()
    const storage = new PostgresStorage(url)
    try {
      await storage.write(ROWS, 'replace')
      await server.kill()
      await assert.rejects(storage.write(ROWS, 'replace'), error => {
        assert.ok(error instanceof RetryableError)
        assert.match(error.message, /cannot be reached|starting up/)
        return true
      })
      await server.start()
      await storage.write(ROWS, 'replace')
      assert.equal((await server.query(withPath(url), 'SELECT * FROM readings')).length, 1)
      const connections = `SELECT count(*) AS n FROM pg_stat_activity WHERE application_name = 'sluice-storage'`
      await Promise.all(Array.from({ length: 12 }, () => storage.write(ROWS, 'replace')))
      assert.deepEqual(await server.query(url, connections), [{ n: 2 }])
    } finally {
      await storage.close()
    }
  })

  it('given a secret with the user and the password, then an address without them is enough', async () => {
    const { host, pathname } = new URL(await server.createDatabase())
    const aws = { endpoint: awsEndpoint(), region: 'us-east-1', credentials: CREDENTIALS }
    const client = new SecretsManagerClient(aws)
    const open = async (content: object) => {
      const storageSecret = randomUUID()
      const SecretString = JSON.stringify(content)
      await client.send(new CreateSecretCommand({ Name: storageSecret, SecretString }))
      return openStorage({ storageUrl: `postgres://${host}${pathname}`, storageSecret }, aws)
    }
    await assert.rejects(open({ username: 'sluice' }), { message: /password: must be a text/ })
    const storage = await open({ username: 'sluice', password: server.password, engine: 'postgres' })
    const written = await storage.write(ROWS, 'replace')
    assert.deepEqual([written > 0, await storage.write(ROWS, 'keep')], [true, 0])
    assert.doesNotMatch(storage.location, new RegExp(server.password))
    await storage.close()
  })

  it('given the schema, then every table and column has a comment for people', async () => {
    const url = await server.createDatabase()
    const storage = new PostgresStorage(url)
    await storage.write(ROWS, 'replace')
    await storage.close()
    const uncommented = await server.query(
      url,
      `SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
        WHERE c.relnamespace = 'sluice'::regnamespace AND c.relkind IN ('r', 'v') AND c.relname NOT LIKE 'kysely%'
          AND (col_description(c.oid, a.attnum) IS NULL OR obj_description(c.oid) IS NULL)`,
    )
    assert.deepEqual(uncommented, [])
  })

  it('given a modifier that depends on a machine, then the function refuses it instead of another result', async () => {
    const url = await server.createDatabase()
    const storage = new PostgresStorage(url)
    await storage.write(ROWS, 'replace')
    await storage.close()
    for (const modifier of ['localtime', 'UTC', 'subsec', '+0001-01-01'])
      await assert.rejects(server.query(url, `SELECT sluice.datetime('2026-01-01', '${modifier}')`), {
        message: `sluice.datetime does not support the modifier '${modifier.toLowerCase()}'`,
      })
  })

  it('given views of an earlier version, then they are replaced, and keep the rights and views of others', async () => {
    const url = await server.createDatabase()
    const write = async () => {
      const storage = new PostgresStorage(url)
      await storage.write(ROWS, 'replace')
      await storage.close()
    }
    await write()
    const [role] = await server.query(url, `SELECT 'bi_' || md5(current_database()) AS name`)
    for (const statement of [
      `CREATE OR REPLACE VIEW sluice.measurements AS SELECT source, subject, ''::text AS sensor_id, family, event_ts, 'x' AS metric,
        1::double precision AS value FROM sluice.readings`,
      `DELETE FROM sluice.kysely_migration WHERE name = '002-views'`,
      `CREATE ROLE ${role?.name}`,
      `GRANT SELECT ON sluice.measurements TO ${role?.name}`,
      'CREATE VIEW mine AS SELECT metric, value FROM sluice.measurements',
    ])
      await server.query(url, statement)
    await write()
    assert.deepEqual(await server.query(url, 'SELECT * FROM mine'), [{ metric: 'temperature', value: 20 }])
    assert.deepEqual(
      await server.query(
        url,
        `SELECT has_table_privilege('${role?.name}', 'sluice.measurements', 'SELECT') AS may`,
      ),
      [{ may: true }],
    )
  })

  const changed = (url: string, parts: Partial<URL>) => Object.assign(new URL(url), parts).href
  const cases: readonly (readonly [string, (url: string) => string | Promise<string>, RegExp])[] = [
    ['a wrong password', url => changed(url, { password: 'secret-guess' }), /password or the user is wrong/],
    ['no server', async url => changed(url, { port: String(await freePort()) }), /cannot be reached/],
    ['TLS, which the server lacks', url => `${url}?sslmode=require`, /TLS connection failed/],
    ['a database that is missing', url => `${url}-missing`, /database does not exist/],
  ]
  for (const [given, change, message] of cases)
    it(`given ${given}, then the records wait, and the message says why, without the password`, async () => {
      const storage = new PostgresStorage(await change(await server.createDatabase()))
      await assert.rejects(storage.write(ROWS, 'replace'), error => {
        assert.ok(error instanceof RetryableError, String(error))
        assert.match(error.message, message)
        assert.doesNotMatch(error.message, new RegExp(`secret-|${server.password}`))
        return true
      })
      await storage.close()
    })

  it('given a constraint of the database, then the message of a refused row has no data', async () => {
    const url = await server.createDatabase()
    const storage = new PostgresStorage(url)
    await storage.write(ROWS, 'replace')
    await server.query(url, `ALTER TABLE sluice.readings ADD CHECK ("offset" < 9)`)
    const refused = storage.write(toRows([storedReading('secret-id', {}, { offset: 9 })]), 'replace')
    await assert.rejects(refused, {
      name: 'PermanentError',
      message: /a constraint of the table refuses the row/,
    })
    await storage.close()
  })
})
