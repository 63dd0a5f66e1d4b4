import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmod, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, describe, it } from 'node:test'
import { PROJECT } from '@sluice/test-kit/program'
import { RetryableError } from '#runtime/consumer'
import { SQLITE, SqliteStorage } from '../../../lib/storage/adapters/sqlite.ts'
import { toRows } from '../../../lib/storage/rows.ts'
import { chartConformance } from '../../conformance/chart-questions.ts'
import { storageConformance } from '../../conformance/storage.ts'
import { migrationConformance } from '../../conformance/storage-migrations.ts'
import { FAMILIES } from '../../support/families.ts'
import { storedReading } from '../../support/stored-events.ts'

const folder = await mkdtemp(join(tmpdir(), 'sluice-storage-'))
after(() => rm(folder, { recursive: true }))
let files = 0
const newFile = () => join(folder, `${files++}.db`)

function query(file: string, text: string) {
  const db = new DatabaseSync(file, { readOnly: true })
  try {
    return db
      .prepare(text)
      .all()
      .map(row => ({ ...row }))
  } finally {
    db.close()
  }
}

storageConformance('SQLite', async () => {
  const file = newFile()
  return { connect: () => new SqliteStorage(file), query: async text => query(file, text) }
})

chartConformance('SQLite', async () => new SqliteStorage(newFile()))

migrationConformance('SQLite', SQLITE, async () => {
  const file = newFile()
  const run = async (statement: string) => {
    const db = new DatabaseSync(file)
    db.exec(statement)
    db.close()
  }
  return { run, describe: async () => query(file, 'SELECT name, sql FROM sqlite_master ORDER BY name') }
})

describe('an SQLite file', () => {
  it('given a reader with an open transaction, then it stops no writer; given a writer, then others wait without blocking', async () => {
    const file = newFile()
    const storage = new SqliteStorage(file)
    await storage.write(toRows(FAMILIES, [storedReading('a', {})]), 'replace')
    const reader = new DatabaseSync(file)
    reader.exec('BEGIN; SELECT * FROM readings')
    await storage.write(toRows(FAMILIES, [storedReading('b', {})]), 'replace')
    reader.exec('COMMIT; BEGIN IMMEDIATE')
    const waiting = storage.write(toRows(FAMILIES, [storedReading('c', {})]), 'replace')
    // The event loop turns while the file is busy.
    for (let turn = 0; turn < 5; turn++) await new Promise(resolve => setImmediate(resolve))
    assert.equal(query(file, 'SELECT * FROM readings').length, 2)
    reader.exec('COMMIT')
    reader.close()
    await waiting
    await storage.close()
    assert.equal(query(file, 'SELECT * FROM readings').length, 3)
  })

  // Promise docs/storage.md#tables-and-views
  it('given views of an earlier version, then they are replaced, and the rows stay', async () => {
    const file = newFile()
    const write = async (offset: number) => {
      const storage = new SqliteStorage(file)
      const data = { temperature: 20, status: 'ok' }
      await storage.write(toRows(FAMILIES, [storedReading('r', data, { offset })]), 'replace')
      await storage.close()
    }
    await write(1)
    const db = new DatabaseSync(file)
    db.exec(`DROP VIEW measurements; CREATE VIEW measurements AS SELECT *, '' AS sensor_id, 'x' AS metric, 1 AS value FROM readings;
      ALTER TABLE readings DROP COLUMN states;
      DROP VIEW state_minutes; DROP VIEW states_hourly; DROP VIEW states_daily; DROP TABLE state_statistics;
      DROP TABLE minute_statistics; DROP INDEX alert_events_sensor; DELETE FROM kysely_migration WHERE name >= '003-charts'`)
    db.close()
    await write(2)
    assert.deepEqual(query(file, 'SELECT metric, value FROM measurements'), [
      { metric: 'temperature', value: 20 },
      { metric: 'temperature', value: 20 },
    ])
    assert.deepEqual(query(file, 'SELECT states FROM readings'), [
      { states: null },
      { states: '{"status":"ok"}' },
    ])
  })

  it('given a file that cannot be used, then the records wait, and the message says what to do', async () => {
    const text = newFile()
    await writeFile(
      text,
      'no database, but a text that is long enough to be read as the header of one'.repeat(9),
    )
    const other = newFile()
    const db = new DatabaseSync(other)
    db.exec(
      `CREATE TABLE kysely_migration (name TEXT, timestamp TEXT); INSERT INTO kysely_migration VALUES ('009', '2026-01-01T00:00:00Z')`,
    )
    db.close()
    const cases = [
      [text, /not an SQLite database. Correct STORAGE_URL/],
      [join(folder, 'missing', 'x.db'), /cannot be opened. Create its folder/],
      [other, /another version of Sluice/],
    ] as const
    for (const [file, message] of cases)
      await assert.rejects(
        new SqliteStorage(file).write(toRows(FAMILIES, [storedReading('a', {})]), 'keep'),
        error => {
          assert.ok(error instanceof RetryableError)
          assert.match(error.message, message)
          return true
        },
      )
  })

  const CHANGES: readonly (readonly [given: string, change: string, message: RegExp, undo: string])[] = [
    [
      'a trigger',
      `CREATE TRIGGER strict BEFORE INSERT ON readings BEGIN SELECT RAISE(ABORT, 'secret'); END`,
      /The records wait\. .*Refused by triggers: strict$/,
      'DROP TRIGGER strict',
    ],
    [
      'an index',
      'CREATE UNIQUE INDEX one ON readings (family)',
      /: UNIQUE constraint failed: readings\.family\. The records wait\./,
      'DROP INDEX one',
    ],
    [
      'a required column',
      `DELETE FROM readings; ALTER TABLE readings ADD COLUMN note TEXT CONSTRAINT noted CHECK (note = 'x')
        DEFAULT 'y'`,
      /: CHECK constraint failed: noted\. The records wait\./,
      'ALTER TABLE readings DROP COLUMN note',
    ],
    [
      'a missing column',
      'ALTER TABLE readings DROP COLUMN tags',
      /: table readings has no column named tags\. The records wait\./,
      'ALTER TABLE readings ADD COLUMN tags TEXT',
    ],
    [
      'a missing table',
      'ALTER TABLE readings RENAME TO former',
      /: no such table: readings\. The records wait\./,
      'ALTER TABLE former RENAME TO readings',
    ],
    [
      'a function that quotes data',
      `CREATE TRIGGER odd BEFORE INSERT ON readings BEGIN SELECT json_extract('{}', NEW.subject); END`,
      /: the statement failed with the code 1\.$/,
      'DROP TRIGGER odd',
    ],
  ]
  for (const [given, change, message, undo] of CHANGES)
    it(`given ${given} of somebody's, then the records wait, one line names it without data, and they are stored later`, async () => {
      const file = newFile()
      const storage = new SqliteStorage(file)
      const execute = (text: string) => {
        const db = new DatabaseSync(file)
        db.exec(text)
        db.close()
      }
      await storage.write(toRows(FAMILIES, [storedReading('a', {})]), 'replace')
      execute(change)
      const rows = toRows(FAMILIES, [storedReading('secret', {}, { offset: 1, subject: 'secret' })])
      await assert.rejects(storage.write(rows, 'replace'), error => {
        assert.ok(error instanceof RetryableError, String(error))
        assert.match(error.message, message)
        assert.doesNotMatch(error.message, /secret|\n/)
        return true
      })
      execute(undo)
      await storage.write(rows, 'replace')
      assert.equal(query(file, `SELECT * FROM readings WHERE "offset" = 1`).length, 1)
      await storage.close()
    })

  it('given further columns, then rows are stored', async () => {
    const file = newFile()
    const storage = new SqliteStorage(file)
    await storage.write(toRows(FAMILIES, [storedReading('a', {})]), 'replace')
    const db = new DatabaseSync(file)
    db.exec(`ALTER TABLE readings ADD COLUMN note TEXT NOT NULL DEFAULT 'none'`)
    db.close()
    await storage.write(toRows(FAMILIES, [storedReading('b', {}, { offset: 1 })]), 'replace')
    assert.deepEqual(query(file, 'SELECT note FROM readings'), [{ note: 'none' }, { note: 'none' }])
    await storage.close()
  })

  it('given a new file, then its owner alone can read it and its log; a mode that somebody gave it stays', async () => {
    const file = newFile()
    const storage = new SqliteStorage(file)
    await storage.write(toRows(FAMILIES, [storedReading('a', {})]), 'replace')
    const mode = async (end: string) => (await stat(file + end)).mode & 0o777
    assert.deepEqual(await Promise.all(['', '-wal', '-shm'].map(mode)), [0o600, 0o600, 0o600])
    await storage.close()
    await chmod(file, 0o640)
    await new SqliteStorage(file).write(toRows(FAMILIES, [storedReading('b', {})]), 'replace')
    assert.equal(await mode(''), 0o640)
  })

  it('given a file that is removed or replaced between two writes, then the later rows are in the new file', async () => {
    const [file, other] = [newFile(), newFile()]
    const storage = new SqliteStorage(file)
    const write = (offset: number) =>
      storage.write(toRows(FAMILIES, [storedReading('r', {}, { offset })]), 'replace')
    await write(0)
    await rm(file)
    await Promise.all([write(1), write(2), write(3)])
    const offsets = () => query(file, 'SELECT "offset" FROM readings').map(row => row.offset)
    assert.deepEqual(offsets(), [1, 2, 3])
    const replacing = new SqliteStorage(other)
    await replacing.write(toRows(FAMILIES, [storedReading('r', {}, { offset: 7 })]), 'replace')
    await replacing.close()
    for (const end of ['-wal', '-shm']) await rm(file + end, { force: true })
    await rename(other, file)
    await write(8)
    assert.deepEqual(offsets(), [7, 8])
    await storage.close()
  })

  it('given a file that can only be read at first, then rows are stored once it can be written', async () => {
    const own = await mkdtemp(join(tmpdir(), 'sluice-read-only-'))
    const [file, isRoot] = [join(own, 'a.db'), process.getuid?.() === 0]
    // Root may write any file.
    const asOther = async (work: () => Promise<unknown>) => {
      if (isRoot) process.seteuid?.(65_534)
      try {
        await work()
      } finally {
        if (isRoot) process.seteuid?.(0)
      }
    }
    const rows = toRows(FAMILIES, [storedReading('a', {})])
    const storage = new SqliteStorage(file)
    await chmod(own, 0o777)
    await asOther(async () => {
      const before = new SqliteStorage(file)
      await before.write(rows, 'replace')
      await chmod(file, 0o444)
      await assert.rejects(storage.write(rows, 'replace'), /is read-only/)
      await chmod(file, 0o644)
      await storage.write(rows, 'replace')
      await Promise.all([before.close(), storage.close()])
    })
    assert.equal(query(file, 'SELECT * FROM readings').length, 1)
    await rm(own, { recursive: true })
  })

  it('given a disk that takes no more, then the batch waits as a whole, and its rows come later', async () => {
    const file = newFile()
    const modules = ['storage/adapters/sqlite', 'storage/rows'].map(name =>
      join(PROJECT, 'lib', `${name}.ts`),
    )
    const script = `const [{ SqliteStorage }, { toRows }] = await Promise.all(${JSON.stringify(modules)}.map(module => import(module)))
      const { storedReading } = await import(${JSON.stringify(join(PROJECT, 'test/support/stored-events.ts'))})
      const { FAMILIES } = await import(${JSON.stringify(join(PROJECT, 'test/support/families.ts'))})
      const rows = count => toRows(FAMILIES, Array.from({ length: count }, (_, offset) => storedReading('r'.repeat(500), {}, { offset })))
      const storage = new SqliteStorage(process.argv[1])
      await storage.write(rows(10), 'replace')
      await storage.write(rows(2000), 'replace').catch(error => console.log(error.name + ': ' + error.message))`
    // The limit of a file's size stands for the disk. It is in blocks of 512 bytes or of one KiB, as the shell counts.
    const limited = `ulimit -f 400; exec "$@"`
    const node = [process.execPath, '--input-type=module', '-e', script, file]
    const said = execFileSync('sh', ['-c', limited, 'sh', ...node], { encoding: 'utf8', cwd: PROJECT })
    assert.match(
      said,
      /^RetryableError: sqlite:.*: (the disk is full|the file cannot be read or written)\.$/m,
    )
    const stored = () => query(file, 'SELECT * FROM readings').length
    assert.equal(stored(), 10)
    const batch = Array.from({ length: 2_000 }, (_, offset) => storedReading('r'.repeat(500), {}, { offset }))
    await new SqliteStorage(file).write(toRows(FAMILIES, batch), 'replace')
    assert.equal(stored(), 2_000)
  })

  // Promise docs/storage.md#what-happens-when-something-is-wrong
  it('given a process that is killed within a batch, then the file has whole batches', async () => {
    const file = newFile()
    const storage = new SqliteStorage(file)
    const batch = (first: number) =>
      toRows(
        FAMILIES,
        Array.from({ length: 50 }, (_, index) => storedReading('r', {}, { offset: first + index })),
      )
    await storage.write(batch(0), 'replace')
    await storage.close()
    const script = `const { DatabaseSync } = require('node:sqlite')
      const db = new DatabaseSync(${JSON.stringify(file)})
      db.exec('PRAGMA cache_size = 1; BEGIN IMMEDIATE')
      for (let i = 100; i < 5000; i++) db.prepare('INSERT INTO readings ("topic", "partition", "offset", id) VALUES (?, 0, ?, ?)').run('t', i, 'x'.repeat(500))
      process.kill(process.pid, 'SIGKILL')`
    assert.throws(() => execFileSync(process.execPath, ['-e', script], { stdio: 'ignore' }))
    assert.equal(query(file, 'SELECT * FROM readings').length, 50)
    await new SqliteStorage(file).write(batch(100), 'replace')
    assert.equal(query(file, 'SELECT * FROM readings').length, 100)
  })
})
