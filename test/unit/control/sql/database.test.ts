import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { SqlDatabase } from '../../../../control/sql/database.ts'
import { answered, asked, askQuestion, emptyDatabase, privateFolder } from './support.ts'

describe('statements from people', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-sql-'))
    await writeFile(join(folder, 'secret.csv'), 'word\nxyzzy\n')
  })
  after(() => rm(folder, { recursive: true, force: true }))

  const forbidden = (file: string, own: string) => [
    `SELECT * FROM '${file}'`,
    `SELECT * FROM read_csv('${file}')`,
    `SELECT * FROM read_text('${file}')`,
    `SELECT * FROM glob('${folder}/*')`,
    `SELECT * FROM read_csv('http://127.0.0.1:9/x.csv')`,
    `SELECT * FROM read_parquet('s3://bucket/x.parquet')`,
    `SELECT * FROM read_text('/etc/hostname')`,
    `SELECT * FROM read_blob('${file}')`,
    `SELECT * FROM '${own}/data/../../${basename(file)}'`,
    `SELECT * FROM glob('${own}/*')`,
    `COPY alerts TO '${own}/data/out.csv'`,
    `COPY alerts TO '${own}/spilled/out.csv'`,
    `EXPLAIN ANALYZE COPY alerts TO '${own}/data/out.csv'`,
    `PREPARE p AS COPY alerts TO '${own}/data/out.csv'`,
    `EXPORT DATABASE '${own}/data/out'`,
    `ATTACH '${own}/data/out.db'`,
    `ATTACH ':memory:' AS other`,
    `SET allowed_directories = ['/']`,
    `SET GLOBAL allowed_paths = ['${file}']`,
    `COPY alerts FROM '${file}'`,
    `COPY alerts TO '${folder}/out.csv'`,
    `COPY alerts TO '/dev/stdout'`,
    `EXPORT DATABASE '${folder}/out'`,
    `IMPORT DATABASE '${folder}'`,
    `ATTACH '${folder}/out.db'`,
    'INSTALL httpfs',
    'LOAD httpfs',
    `LOAD '${folder}/secret.csv'`,
    `SET enable_external_access = true`,
    `SET lock_configuration = false`,
    `SET memory_limit = '100GB'`,
    `SET temp_directory = '${folder}'`,
    'RESET memory_limit',
    'PRAGMA enable_profiling',
    `CREATE PERSISTENT SECRET s (TYPE http)`,
    'CALL enable_logging()',
    'CALL "enable_logging"(level = \'trace\')',
    `FROM query('FROM en' || 'able_logging()')`,
    `FROM query('FROM en' || 'able_profiling(format = ''json'', save_location = ''${folder}/profile.json'')')`,
    `FROM json_execute_serialized_sql(json_serialize_sql('FROM en' || 'able_logging()'))`,
  ]

  it('given one that would reach a file, the network or a setting, then it fails and nothing is written', async () => {
    const own = privateFolder()
    const statements = forbidden(join(folder, 'secret.csv'), own)
    assert.ok(statements.length > 30)
    for (const statement of statements) {
      await mkdir(own, { recursive: true })
      await assert.rejects(
        askQuestion({}, `SELECT 1; ${statement}`, {}, own),
        { name: 'SqlError' },
        statement,
      )
      const files = await readdir(own, { recursive: true, withFileTypes: true })
      const written = files.filter(file => file.isFile() && !/^\w+\.parquet$/.test(file.name))
      assert.deepEqual(written, [], statement)
      await rm(own, { recursive: true })
    }
    assert.deepEqual(await readdir(folder), ['secret.csv'])
  })

  it('given a folder of its own, then nobody else can read it', async () => {
    const { mode } = await stat(privateFolder())
    assert.equal(mode & 0o777, 0o700)
  })

  it('given one that needs more memory than there is for it, then it fails, and the next is answered', async () => {
    const database = await emptyDatabase()
    try {
      await assert.rejects(
        answered(database, 'SELECT list(range) FROM range(500000000)'),
        /^SqlError: Out of memory: .*use --since\.$/,
      )
      assert.deepEqual(await answered(database, 'SELECT 1 AS one'), [{ one: 1 }])
    } finally {
      database.close()
    }
  })

  it('given one that is wrong, then the answers before it are given, and the message is that of DuckDB', async () => {
    const database = await emptyDatabase()
    try {
      const answers = database.run('SELECT 1 AS one; SELECT nothing FROM alerts')
      assert.equal((await answers.next()).value?.columns[0]?.name, 'one')
      await assert.rejects(answers.next(), {
        name: 'SqlError',
        message: /Binder Error: .*"nothing" not found.*LINE 1/s,
      })
    } finally {
      database.close()
    }
  })

  it('given an interrupt, then a statement that runs for long ends', async () => {
    const database = await emptyDatabase()
    try {
      const endless = answered(
        database,
        'SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b',
      )
      const rejected = assert.rejects(endless, /Interrupt/i)
      const again = setInterval(() => database.interrupt(), 20)
      await rejected
      clearInterval(again)
    } finally {
      database.close()
    }
  })
})

describe('values of an answer', () => {
  it('given any type, then each is what JSON can hold, and no digit is lost', async () => {
    const sql = `SELECT 9007199254740993 AS big, 7 AS small, 1.5 AS decimal, 'nan'::DOUBLE AS nan, [1, 2] AS list,
      {'a': NULL} AS struct, MAP {'k': 'v'} AS map, TIMESTAMP '2026-03-01 12:00:00' AS ts, DATE '2026-03-01' AS day, 1 AS small`
    assert.deepEqual(await asked([], sql), [
      {
        big: '9007199254740993',
        small: 7,
        decimal: 1.5,
        nan: 'NaN',
        list: [1, 2],
        struct: { a: null },
        map: { k: 'v' },
        ts: '2026-03-01 12:00:00',
        day: '2026-03-01',
        'small:1': 1,
      },
    ])
  })
})

describe('a decimal of an answer', () => {
  it('given one whose digits a double has, then it is a number, otherwise the text of all of them', async () => {
    const numbers = ['1.10', '-0.05', '0.0000001', '0.00', '123456789012.3456', '9007199254740991', '-100']
    const texts = [
      '12345678901234567.89',
      '0.10000000000000000001',
      '9007199254740993',
      '-1.0000000000000001',
    ]
    const decimals = [...numbers, ...texts].map(text => {
      const [, fraction = ''] = text.split('.')
      return `${text}::DECIMAL(38, ${fraction.length})`
    })
    const [row] = await asked(
      [],
      `SELECT [${texts[0]}, 1.5] AS list, {'a': ${decimals.join("} AS c, {'a': ")}} AS c`,
    )
    const { list, ...values } = row ?? {}
    assert.deepEqual(list, [texts[0], 1.5])
    assert.deepEqual(
      Object.values(values).map(value => (value as { a: unknown }).a),
      [...numbers.map(Number), ...texts],
    )
  })
})

describe('a platform without DuckDB', () => {
  it('given that its binary is missing, then one message says so, and what to do', async () => {
    const loading = SqlDatabase.open(privateFolder(), () =>
      Promise.reject(new Error("Cannot find module 'x'\nRequire stack:")),
    )
    await assert.rejects(loading, {
      name: 'OperationFailure',
      message: /needs DuckDB, which is not installed for \S+ \S+\. Run `npm ci`.*\(Cannot find module 'x'\)$/,
    })
  })
})
