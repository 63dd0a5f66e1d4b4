import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { promisify } from 'node:util'
import {
  CreateSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import { makeCertificates } from '@sluice/test-kit/certificates'
import { PROJECT } from '@sluice/test-kit/program'
import { awsEndpoint } from '@sluice/test-kit/servers'
import { until } from '@sluice/test-kit/until'
import { Client, types } from 'pg'
import { freePort } from '#local-servers/ports'
import { PermanentError, RetryableError } from '#runtime/consumer'
import { readAlerts, readPoints } from '../../../control/queries/chart-questions.ts'
import { answerFromStorage } from '../../../control/sql/storage-answer.ts'
import { openStorage, openStorageReader } from '../../../lib/app/connections/storage.ts'
import { POSTGRES, PostgresStorage } from '../../../lib/storage/adapters/postgres.ts'
import { MIGRATIONS } from '../../../lib/storage/migrations.ts'
import { toRows } from '../../../lib/storage/rows.ts'
import type { Rows } from '../../../lib/storage/table.ts'
import { chartConformance, listMeans } from '../../conformance/chart-questions.ts'
import { storageConformance } from '../../conformance/storage.ts'
import { migrationConformance } from '../../conformance/storage-migrations.ts'
import { FAMILIES } from '../../support/families.ts'
import { startPostgres } from '../../support/postgres.ts'
import { NOON, storedMinute, storedReading } from '../../support/stored-events.ts'

const server = await startPostgres()
after(() => server.stop())
types.setTypeParser(types.builtins.INT8, Number)

/** People query with this path, and with the time zone of their session. */
const withPath = (url: string) => `${url}?options=-csearch_path%3Dsluice%20-cTimeZone%3DEurope%2FBerlin`

storageConformance('PostgreSQL', async () => {
  const url = await server.createDatabase()
  return { connect: () => new PostgresStorage(url), query: text => server.query(withPath(url), text) }
})

chartConformance('PostgreSQL', async () => new PostgresStorage(await server.createDatabase()))

migrationConformance('PostgreSQL', POSTGRES, async () => {
  const url = await server.createDatabase()
  await server.query(url, 'CREATE SCHEMA sluice')
  const columns = `SELECT c.relname, a.attnum, a.attname, a.atttypid, a.attnotnull, col_description(c.oid, a.attnum) AS comment,
      obj_description(c.oid) AS about, pg_get_indexdef(c.oid) AS index, pg_get_viewdef(c.oid) AS view
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
    WHERE c.relnamespace = 'sluice'::regnamespace ORDER BY 1, 2`
  return { run: statements => server.query(url, statements), describe: () => server.query(url, columns) }
})

const AWS = {
  endpoint: awsEndpoint(),
  region: 'us-east-1',
  credentials: { accessKeyId: 'none', secretAccessKey: 'none' },
}
const secrets = new SecretsManagerClient(AWS)

/** Stores a secret, or another content of it. Returns its name. */
async function putSecret(content: object, name?: string): Promise<string> {
  const [Name, SecretString] = [name ?? randomUUID(), JSON.stringify(content)]
  if (name) await secrets.send(new PutSecretValueCommand({ SecretId: Name, SecretString }))
  else await secrets.send(new CreateSecretCommand({ Name, SecretString }))
  return Name
}

const ROWS = toRows(FAMILIES, [storedReading('secret-id', { temperature: 20 })])

describe('PostgreSQL', () => {
  it('given decimals, then `sluice sql` has a number where a double has all digits, and otherwise the text', async () => {
    const statement =
      "SELECT 1.10, 12345678901234567.89, 9007199254740993::numeric, 'NaN'::numeric, avg(1), 1e-7"
    const url = await server.createDatabase()
    const { columns, rows } = await answerFromStorage(statement, url, new AbortController().signal)
    const { value } = await rows()[Symbol.asyncIterator]().next()
    assert.deepEqual(value, [1.1, '12345678901234567.89', '9007199254740993', 'NaN', 1, 1e-7])
    assert.ok(columns.every(({ isNumber }) => isNumber))
  })

  it('given a password that is rotated, then new connections use the new one, in the same instance', async () => {
    const url = await server.createDatabase()
    const role = new URL(url).pathname.slice(1)
    await server.query(
      url,
      `CREATE ROLE ${role} LOGIN PASSWORD 'first'; GRANT CREATE ON DATABASE ${role} TO ${role}`,
    )
    const storageSecret = await putSecret({ password: 'first' })
    const storageUrl = changed(url, { username: role, password: '' })
    const storage = await openStorage({ storageUrl, storageSecret }, AWS)
    try {
      await storage.write(ROWS, 'replace')
      await server.query(url, `ALTER ROLE ${role} PASSWORD 'second'`)
      await putSecret({ password: 'second' }, storageSecret)
      await server.query(
        url,
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${role}' AND datname = '${role}'`,
      )
      await storage.write(ROWS, 'replace').catch(() => {})
      assert.equal(await storage.write(ROWS, 'keep'), 0)
    } finally {
      await storage.close()
    }
  })

  it('given a secret with the user and the password, then an address without them is enough', async () => {
    const { host, pathname } = new URL(await server.createDatabase())
    const storageUrl = `postgres://${host}${pathname}`
    const open = async (content: object) =>
      openStorage({ storageUrl, storageSecret: await putSecret(content) }, AWS)
    await assert.rejects(open({ username: 'sluice' }), { message: /password: must be a text/ })
    const storage = await open({ username: 'sluice', password: server.password, engine: 'postgres' })
    const written = await storage.write(ROWS, 'replace')
    assert.deepEqual([written > 0, await storage.write(ROWS, 'keep')], [true, 0])
    assert.doesNotMatch(storage.location, new RegExp(server.password))
    await storage.close()
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

  // Promise docs/storage.md#tables-and-views
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
      'DROP TABLE sluice.minute_statistics',
      'DROP TABLE sluice.state_statistics CASCADE',
      'ALTER TABLE sluice.readings DROP COLUMN states',
      'DROP INDEX sluice.alert_events_sensor',
      `DELETE FROM sluice.kysely_migration WHERE name >= '003-charts'`,
      `CREATE ROLE ${role?.name}`,
      `GRANT SELECT ON sluice.measurements TO ${role?.name}`,
      'CREATE VIEW mine AS SELECT metric, value FROM sluice.measurements',
    ])
      await server.query(url, statement)
    await write()
    assert.deepEqual(await server.query(url, 'SELECT * FROM mine'), [{ metric: 'temperature', value: 20 }])
    assert.deepEqual(await server.query(url, 'SELECT states FROM sluice.readings'), [{ states: null }])
    assert.deepEqual(
      await server.query(
        url,
        `SELECT has_table_privilege('${role?.name}', 'sluice.measurements', 'SELECT') AS may`,
      ),
      [{ may: true }],
    )
  })

  const cases: readonly (readonly [string, (url: string) => string | Promise<string>, RegExp])[] = [
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
})

describe('a database with TLS, whose authority Node.js does not know', () => {
  const READ = `const { PostgresStorage } = await import('./lib/storage/adapters/postgres.ts')
    const storage = new PostgresStorage(process.argv[1])
    const text = 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()'
    const said = await storage.read(() => ({ text, values: [] })).catch(error => error.message)
    console.log(JSON.stringify(said))
    await storage.close()`

  it('given its certificate in NODE_EXTRA_CA_CERTS or sslrootcert, then it is verified; one on one line is refused', async t => {
    const made = await makeCertificates()
    t.after(() => made.remove())
    const url = await server.createDatabase()
    for (const [file, text] of Object.entries({ 'server.crt': made.cert, 'server.key': made.key }))
      await server.query(
        url,
        `COPY (SELECT unnest(string_to_array('${text.trim()}', E'\\n'))) TO PROGRAM 'umask 077; cat > ${file}'`,
      )
    await server.query(url, 'ALTER SYSTEM SET ssl = on')
    await server.query(url, 'SELECT pg_reload_conf()')
    // Lambda sets the variables of a function before Node.js starts.
    const read = async (query: string, env: object = {}) => {
      const address = changed(url, { hostname: 'localhost', search: `sslmode=verify-full${query}` })
      const args = ['--input-type=module', '-e', READ, address]
      const options = { cwd: PROJECT, env: { ...process.env, ...env } }
      return (await promisify(execFile)(process.execPath, args, options)).stdout.trim()
    }
    const secure = JSON.stringify([{ ssl: true }])
    await until('the server has TLS', async () => (await read(`&sslrootcert=${made.caFile}`)) === secure)
    assert.match(await read(''), /the TLS connection failed\. .*NODE_EXTRA_CA_CERTS/)
    assert.equal(await read('', { NODE_EXTRA_CA_CERTS: made.caFile }), secure)
    const line = `${made.caFile}.line`
    await writeFile(line, made.ca.replaceAll('\n', '\\n'))
    for (const [query, reason] of [
      [`sslrootcert=${line}`, 'must have line ends'],
      ['sslrootcert=/nowhere.pem', 'cannot be read: ENOENT'],
      [
        `sslcert=${made.caFile}&sslkey=${made.caFile}`,
        'must contain a private key, but contains: CERTIFICATE',
      ],
    ] as const)
      await assert.rejects(openStorage({ storageUrl: `${url}?${query}` }), { message: new RegExp(reason) })
  })
})

describe('a database that people change', () => {
  const SECRET = storedReading('secret-id', { temperature: 20 }, { offset: 9, subject: 'secret-subject' })
  // These views depend on the columns of the key.
  const DROP = `DROP VIEW sluice.readings_hourly, sluice.readings_daily`
  const CHECK = `CREATE FUNCTION sluice.refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'not %', NEW.subject USING ERRCODE = '22001', COLUMN = NEW.subject, DETAIL = NEW.id; END $$`
  const cases: readonly (readonly [given: string, change: string, message: RegExp, undo: string])[] = [
    [
      'a required column',
      'TRUNCATE sluice.readings; ALTER TABLE sluice.readings ADD COLUMN note text NOT NULL',
      /refused by column note of table readings \(SQLSTATE 23502\)\. The records wait\. Undo/,
      `ALTER TABLE sluice.readings ALTER COLUMN note SET DEFAULT ''`,
    ],
    [
      'a check',
      'ALTER TABLE sluice.readings ADD CONSTRAINT low CHECK ("offset" < 9)',
      /refused by constraint low of table readings \(SQLSTATE 23514\)/,
      'ALTER TABLE sluice.readings DROP CONSTRAINT low',
    ],
    [
      'a trigger',
      `${CHECK}; CREATE TRIGGER strict BEFORE INSERT ON sluice.readings FOR EACH ROW EXECUTE FUNCTION sluice.refuse()`,
      /refused by function sluice\.refuse, trigger strict \(SQLSTATE 22001\)/,
      'DROP TRIGGER strict ON sluice.readings',
    ],
    [
      'a narrower type',
      `${DROP}; ALTER TABLE sluice.readings ALTER COLUMN id TYPE varchar(3) USING left(id, 3)`,
      /refused by the database, column id character varying\(3\) \(SQLSTATE 22001\)/,
      'ALTER TABLE sluice.readings ALTER COLUMN id TYPE text',
    ],
    [
      'a missing column',
      'ALTER TABLE sluice.readings DROP COLUMN tags',
      /column "tags" of relation "readings" does not exist \(SQLSTATE 42703\).*Undo this change/,
      'ALTER TABLE sluice.readings ADD COLUMN tags jsonb',
    ],
    [
      'a missing table',
      'ALTER TABLE sluice.readings RENAME TO former',
      /relation "sluice\.readings" does not exist \(SQLSTATE 42P01\).*Undo/,
      'ALTER TABLE sluice.former RENAME TO readings',
    ],
    [
      'an owner who revokes rights',
      'ALTER SCHEMA sluice OWNER TO sluice',
      /permission denied for schema sluice \(SQLSTATE 42501\).*Grant writer its rights/,
      'ALTER SCHEMA sluice OWNER TO writer',
    ],
  ]
  // Promise docs/storage.md#what-happens-when-something-is-wrong | While the database is away, or refuses rows for a change that is not Sluice's, records wait; a batch is there as a whole or not at all.
  for (const [given, change, message, undo] of cases)
    it(`given ${given}, then the records wait, one line names it without data, and they are stored afterwards`, async () => {
      const url = await server.createDatabase()
      const writer = await createWriter(url)
      await using(writer, storage => storage.write(ROWS, 'replace'))
      await server.query(url, change)
      await using(writer, async storage => {
        await assert.rejects(storage.write(toRows(FAMILIES, [SECRET]), 'replace'), error => {
          assert.ok(error instanceof RetryableError, String(error))
          assert.match(error.message, message)
          assert.doesNotMatch(error.message, /secret|\n/)
          assert.equal(error.safeMessage, error.message)
          return true
        })
      })
      await server.query(url, undo)
      await using(writer, storage => storage.write(toRows(FAMILIES, [SECRET]), 'replace'))
      assert.equal(
        (await server.query(withPath(url), 'SELECT FROM readings WHERE "offset"::text = \'9\'')).length,
        1,
      )
    })

  it('given an encoding without most characters, then nothing is written or refused, and one line names the way', async () => {
    const url = await server.createDatabase('LATIN1')
    const rows = toRows(FAMILIES, [storedReading('łódź', { temperature: 20 }, { subject: '東京 “hall”' })])
    await using(url, storage =>
      assert.rejects(storage.write(rows, 'replace'), error => {
        assert.ok(error instanceof RetryableError, String(error))
        assert.match(error.safeMessage ?? '', /has the encoding LATIN1.* The records wait\. Use .*UTF8/)
        return true
      }),
    )
    const bytes = await server.createDatabase('SQL_ASCII')
    await using(bytes, storage => storage.write(rows, 'replace'))
    const stored = await server.query(withPath(bytes), 'SELECT id, subject FROM readings')
    assert.deepEqual(stored, [{ id: 'łódź', subject: '東京 “hall”' }])
  })

  it('given further columns with defaults, and a schema that is dropped, then rows are stored', async () => {
    const url = await server.createDatabase()
    await using(url, async storage => {
      await storage.write(ROWS, 'replace')
      await server.query(url, 'ALTER TABLE sluice.readings ADD COLUMN at timestamptz NOT NULL DEFAULT now()')
      await server.query(
        url,
        'ALTER TABLE sluice.readings ADD COLUMN seen bigint GENERATED ALWAYS AS IDENTITY',
      )
      await storage.write(toRows(FAMILIES, [SECRET]), 'replace')
      assert.equal((await server.query(withPath(url), 'SELECT at FROM readings')).length, 2)
      await server.query(url, 'DROP SCHEMA sluice CASCADE')
      await assert.rejects(storage.write(ROWS, 'replace'), RetryableError)
      await storage.write(ROWS, 'replace')
      assert.equal((await server.query(withPath(url), 'SELECT FROM readings')).length, 1)
    })
  })

  it('given a value that a type of Sluice cannot hold, then its row is refused, also beside a trigger that refuses', async () => {
    const url = await server.createDatabase()
    const bad = toRows(FAMILIES, [{ ...SECRET, partition: 1.5 }])
    await using(url, async storage => {
      for (const change of ['SELECT', CHECK]) {
        await server.query(url, change)
        await assert.rejects(storage.write(bad, 'replace'), error => {
          assert.ok(error instanceof PermanentError, String(error))
          assert.match(error.message, /refuses a value of the row \(SQLSTATE 22P02\)/)
          return true
        })
      }
    })
  })
})

describe('sessions of a server that does not answer', () => {
  const SESSIONS = `SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'sluice-storage' AND datname = current_database()`
  const many = Array.from({ length: 12 }, (_, offset) =>
    toRows(FAMILIES, [storedReading('r', {}, { offset })]),
  )

  /** Writes again and again, as retries do, until all is stored. Returns the largest number of sessions and the messages. */
  async function writeUntilStored(url: string, storage: PostgresStorage, until: () => Promise<unknown>) {
    let [most, done] = [0, false]
    const messages = new Set<string>()
    const counting = (async () => {
      while (!done) {
        most = Math.max(most, Number((await server.query(url, SESSIONS))[0]?.n))
        await new Promise(resolve => setTimeout(resolve, 20))
      }
    })()
    const write = async (rows: Rows): Promise<void> => {
      while (true)
        try {
          await storage.write(rows, 'replace')
          return
        } catch (error) {
          assert.ok(error instanceof RetryableError, String(error))
          messages.add(error.message.replace(/^\S+ /, ''))
        }
    }
    const writing = Promise.all(many.map(write))
    await until()
    await writing
    done = true
    await counting
    assert.equal((await server.query(withPath(url), 'SELECT FROM readings')).length, many.length)
    return { most, messages: [...messages] }
  }

  // Promise docs/storage.md#postgresql
  it('given a lock that outlasts the retries, then there are two sessions, and all rows are stored after it', async () => {
    const url = await server.createDatabase()
    await using(url, async storage => {
      await storage.write(many[0] as Rows, 'replace')
      const locking = server.query(url, 'BEGIN; LOCK TABLE sluice.readings; SELECT pg_sleep(17); COMMIT')
      const held = `SELECT FROM pg_locks WHERE relation = 'sluice.readings'::regclass AND mode = 'AccessExclusiveLock' AND granted`
      await until('the lock is held', async () => (await server.query(url, held)).length > 0)
      const { most, messages } = await writeUntilStored(url, storage, () => locking)
      assert.equal(most, 2)
      assert.match(messages.join(), /another session has locked the table/)
    })
  })

  it('given a standby that acknowledges no commit, then commits that were given up leave no session behind', async () => {
    const url = await server.createDatabase()
    const setStandby = async (change: string) => {
      await server.query(url, `ALTER SYSTEM ${change}`)
      await server.query(url, 'SELECT pg_reload_conf()')
    }
    await using(url, async storage => {
      await storage.write(many[0] as Rows, 'replace')
      await setStandby(`SET synchronous_standby_names = 'absent'`)
      const { most } = await writeUntilStored(url, storage, async () => {
        await new Promise(resolve => setTimeout(resolve, 23_000))
        await setStandby('RESET synchronous_standby_names')
      })
      assert.ok(most <= 3, `${most} sessions`)
      assert.ok(Number((await server.query(url, SESSIONS))[0]?.n) <= 2)
    })
  })

  it('given connections that break off within a statement, then its session ends, and the process goes on', async t => {
    const sockets = new Set<Socket>()
    const proxy = createServer(socket => {
      const upstream = connect(server.port, '127.0.0.1')
      socket.on('error', () => {}).pipe(upstream)
      // The server hears nothing of the end.
      upstream.on('error', () => {}).pipe(socket)
      sockets.add(socket)
      t.after(() => upstream.destroy())
    }).listen(0, '127.0.0.1')
    await once(proxy, 'listening')
    t.after(() => proxy.close())
    const url = await server.createDatabase()
    const { port } = proxy.address() as AddressInfo
    await using(changed(url, { port: String(port) }), async storage => {
      await storage.write(many[0] as Rows, 'replace')
      const locked = server.query(url, 'BEGIN; LOCK TABLE sluice.readings; SELECT pg_sleep(3); COMMIT')
      await until('a statement waits', async () => {
        void storage.write(many[0] as Rows, 'replace').catch(() => {})
        const waiting = `SELECT FROM pg_stat_activity WHERE application_name = 'sluice-storage' AND wait_event_type = 'Lock'`
        return (await server.query(url, waiting)).length > 0
      })
      for (const socket of sockets) socket.resetAndDestroy()
      const ended = `SELECT FROM pg_stat_activity WHERE application_name = 'sluice-storage' AND state = 'active'`
      await until('its session does not work on', async () => (await server.query(url, ended)).length === 0)
      await locked
      await storage.write(many[1] as Rows, 'replace')
    })
  })
})

describe('sessions that cannot serve', () => {
  const SESSIONS = `SELECT pid FROM pg_stat_activity WHERE application_name = 'sluice-storage' AND datname = current_database()`
  const many = Array.from({ length: 12 }, (_, offset) =>
    toRows(FAMILIES, [storedReading('r', {}, { offset })]),
  )
  const writeAll = (storage: PostgresStorage) =>
    Promise.allSettled(many.map(rows => storage.write(rows, 'replace')))

  /** Writes while no session can serve, then again after the change. Returns the reasons of the failures. */
  async function changeWhileWriting(address: string, url: string, undo: readonly string[]): Promise<string> {
    const reasons = new Set<string>()
    await using(address, async storage => {
      for (let round = 0; round < 3; round += 1)
        for (const result of await writeAll(storage)) {
          assert.equal(result.status, 'rejected')
          assert.ok(result.reason instanceof RetryableError, String(result.reason))
          reasons.add(result.reason.message)
        }
      // The server ends a session shortly after its client has.
      await until('no useless session is kept', async () => (await server.query(url, SESSIONS)).length === 0)
      for (const statement of undo) await server.query(url, statement)
      assert.deepEqual(new Set((await writeAll(storage)).map(({ status }) => status)), new Set(['fulfilled']))
      assert.equal((await server.query(withPath(url), 'SELECT FROM readings')).length, many.length)
      const sessions = await server.query(url, SESSIONS)
      assert.equal(sessions.length, 2)
      await writeAll(storage)
      assert.deepEqual(await server.query(url, SESSIONS), sessions, 'sessions that serve are kept')
    })
    return [...reasons].join()
  }

  it('given a primary that is demoted and replaced, then the first write after it is stored, each row once', async () => {
    const url = await server.createDatabase()
    const writer = await createWriter(url)
    await using(writer, storage => storage.write(ROWS, 'replace'))
    await server.query(writer, 'TRUNCATE sluice.readings')
    const set = (change: string) =>
      `BEGIN READ WRITE; DO $$ BEGIN EXECUTE format('ALTER DATABASE %I ${change}', current_database()); END $$; COMMIT`
    await server.query(url, set('SET default_transaction_read_only = on'))
    const undo = [set('RESET default_transaction_read_only')]
    assert.match(await changeWhileWriting(writer, url, undo), /read-only\. Use the address of the primary/)
  })
})

describe('the lock of migrations', () => {
  const LOCK = `SELECT pg_advisory_lock(hashtext('sluice'))`

  it('given tables of this version, and a reader that holds the lock, then each new instance writes at once', async t => {
    const url = await server.createDatabase()
    await using(url, storage => storage.write(ROWS, 'replace'))
    const holder = new Client({ connectionString: url })
    await holder.connect()
    t.after(() => holder.end())
    await holder.query(LOCK)
    const startedMs = Date.now()
    await using(url, async storage => assert.equal(await storage.write(ROWS, 'keep'), 0))
    assert.ok(Date.now() - startedMs < 2_500, 'it has waited for the lock')
    // A migration that is not recorded is one to run, so that the lock counts.
    await holder.query(`DELETE FROM sluice.kysely_migration WHERE name = '${MIGRATIONS.at(-1)}'`)
    await using(url, storage => assert.rejects(storage.write(ROWS, 'keep'), /another session has locked/))
  })

  it('given a migration of another version, then nothing is written', async () => {
    const url = await server.createDatabase()
    await using(url, storage => storage.write(ROWS, 'replace'))
    await server.query(url, `INSERT INTO sluice.kysely_migration VALUES ('999-later', now())`)
    await using(url, storage => assert.rejects(storage.write(ROWS, 'keep'), /made by another version/))
  })
})

describe('readers of PostgreSQL', () => {
  const PERIOD = { source: '/environment/roof', subject: 'roof-1', fromMs: NOON, toMs: NOON + 60_000 }

  // Promise docs/storage.md#readers | A role with these rights reads charts, and can write nothing. It is the only one that a console reads an account with.
  it('given the role that the manual prints, then charts are read as it, and it can write nothing', async () => {
    const url = await server.createDatabase()
    const writer = await createWriter(url)
    await using(writer, storage => storage.write(toRows(FAMILIES, [storedMinute(1, 20)]), 'replace'))
    const page = await readFile(join(PROJECT, 'docs/storage.md'), 'utf8')
    const statements = /### Readers.*?```sql\n(.*?)```/s.exec(page)?.[1]?.trim().split('\n') ?? []
    const isOfAdministrator = (text: string) => /^(CREATE|ALTER) ROLE/.test(text)
    assert.deepEqual(statements.map(isOfAdministrator), [true, false, false, false, true])
    for (const text of statements) await server.query(isOfAdministrator(text) ? url : writer, text)
    const [, name = '', password = ''] =
      /^CREATE ROLE (\w+) LOGIN PASSWORD '(.*)'/.exec(statements[0] ?? '') ?? []

    const secret = await putSecret({ username: name, password })
    // The address has the user that writes, and no secret of it is readable here.
    const config = { storageUrl: changed(writer, { password: '' }), storageReaderSecret: secret }
    const reader = await openStorageReader({ ...config, storageSecret: 'of-the-writer' }, AWS)
    try {
      assert.deepEqual(listMeans(await readPoints(reader, PERIOD, 'temperature', 'minute')), [20])
      assert.deepEqual(await readAlerts(reader, PERIOD), [])
      const user = await reader.read(() => ({ text: 'SELECT current_user AS name', values: [] }))
      assert.deepEqual(user, [{ name }])
      // Tables that come later can be read, too.
      await server.query(writer, 'CREATE TABLE sluice.later (at int)')
      await reader.read(() => ({ text: 'SELECT * FROM sluice.later', values: [] }))
    } finally {
      await reader.close()
    }
    const asReader = changed(url, { username: name, password })
    for (const table of ['readings', 'alert_events', 'analytics', 'minute_statistics', 'kysely_migration'])
      for (const change of [
        `DELETE FROM sluice.${table}`,
        `TRUNCATE sluice.${table}`,
        `DROP TABLE sluice.${table}`,
      ])
        await assert.rejects(server.query(asReader, change), { code: '42501' })
    for (const change of [
      `INSERT INTO sluice.minute_statistics VALUES ('a', 'b', 'c', now())`,
      'UPDATE sluice.minute_statistics SET mean = 0',
      'CREATE TABLE sluice.mine (at int)',
      'ALTER TABLE sluice.readings ADD COLUMN x int',
      'CREATE OR REPLACE VIEW sluice.minutes AS SELECT 1',
    ])
      await assert.rejects(server.query(asReader, change), { code: '42501' })
  })

  it('given a role without rights, a locked table or no server, then the message says why, without the password', async () => {
    const url = await server.createDatabase()
    const writer = await createWriter(url)
    await using(writer, storage => storage.write(toRows(FAMILIES, [storedMinute(1, 20)]), 'replace'))
    const fails = async (address: string, message: RegExp) =>
      using(address, async storage => {
        await assert.rejects(readPoints(storage, PERIOD, 'temperature', 'hour'), error => {
          assert.ok(error instanceof RetryableError, String(error))
          assert.match(error.safeMessage ?? '', message)
          assert.doesNotMatch(error.message, new RegExp(`records wait|secret-|${server.password}`))
          return true
        })
      })
    await server.query(url, `CREATE ROLE stranger LOGIN PASSWORD 's'`)
    const stranger = changed(url, { username: 'stranger', password: 's' })
    await fails(stranger, /the user stranger may not read the tables\. Grant it the rights of a reader/)
    await fails(changed(url, { password: 'secret-guess' }), /password or the user is wrong/)
    await fails(changed(url, { port: String(await freePort()) }), /does not answer/)
    const locked = server.query(url, 'BEGIN; LOCK TABLE sluice.minute_statistics; SELECT pg_sleep(5); COMMIT')
    await until('the table is locked', async () => {
      const held = `SELECT FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND relation = 'sluice.minute_statistics'::regclass`
      return (await server.query(url, held)).length > 0
    })
    await fails(url, /has not answered within 3 seconds/)
    await locked
    await using(url, async storage => {
      assert.deepEqual(listMeans(await readPoints(storage, PERIOD, 'temperature', 'hour')), [20])
    })
  })
})

const changed = (url: string, parts: Partial<URL>) => Object.assign(new URL(url), parts).href

async function using(url: string, work: (storage: PostgresStorage) => Promise<unknown>): Promise<void> {
  const storage = new PostgresStorage(url)
  try {
    await work(storage)
  } finally {
    await storage.close()
  }
}

/** Returns the address of a database for a user who may create a schema, and no more. */
async function createWriter(url: string): Promise<string> {
  await server.query(
    url,
    `DO $$ BEGIN
      IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'writer') THEN CREATE ROLE writer LOGIN PASSWORD 'w'; END IF;
      EXECUTE format('GRANT CREATE ON DATABASE %I TO writer', current_database());
      EXECUTE format('REVOKE TEMP ON DATABASE %I FROM PUBLIC', current_database());
    END $$`,
  )
  return changed(url, { username: 'writer', password: 'w' })
}
