import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { readConfig } from '../../../../lib/app/config.ts'
import { AthenaEngine } from '../../../../lib/operations/sql/athena.ts'
import { MAX_ROWS } from '../../../../lib/operations/sql/engine.ts'
import { LocalSqlEngine } from '../../../../lib/operations/sql/local-engine.ts'
import { STATEMENTS, sqlEngineConforms } from '../../../conformance/sql-engine.ts'
import { type FakeAthena, fakeAthena, type KnownResult } from '../../../support/fake-athena.ts'
import { privateFolder } from './support.ts'

const CONFIG = readConfig({
  SLUICE_ENV: 'test-1',
  KAFKA_BROKERS: '127.0.0.1:1',
  REDIS_URL: 'redis://127.0.0.1:1',
})
const numbers = (count: number): KnownResult => ({
  columns: [['n', 'bigint']],
  rows: Array.from({ length: count }, (_, n) => [String(n)]),
})

function resultOf(statement: string): KnownResult | string | undefined {
  switch (statement) {
    case STATEMENTS.values:
      return {
        columns: [
          ['number', 'integer'],
          ['fraction', 'double'],
          ['flag', 'boolean'],
          ['text', 'varchar'],
          ['missing', 'varchar'],
          ['big', 'bigint'],
        ],
        rows: [['7', '1.5', 'true', 'a "text"', null, '9007199254740993']],
      }
    case STATEMENTS.none:
      return { columns: [['one', 'integer']], rows: [] }
    case STATEMENTS.exact:
      return numbers(MAX_ROWS)
    case STATEMENTS.many:
      return numbers(MAX_ROWS + 500)
    case STATEMENTS.wrong:
      return "COLUMN_NOT_FOUND: line 1:8: Column 'nothing' cannot be resolved"
    case STATEMENTS.endless:
      return undefined
    default:
      return {
        columns: [
          ['table_name', 'varchar'],
          ['column_name', 'varchar'],
          ['data_type', 'varchar'],
        ],
        rows: [['readings', 'offset', 'bigint']],
      }
  }
}

const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' }
const athenaAt = ({ endpoint }: FakeAthena) =>
  new AthenaEngine(CONFIG, { endpoint, region: 'eu-west-1', credentials: CREDENTIALS })

sqlEngineConforms('Athena', async () => {
  const athena = await fakeAthena(resultOf)
  return { engine: athenaAt(athena), close: () => athena.close() }
})

sqlEngineConforms('DuckDB in a child process', async () => {
  const engine = new LocalSqlEngine(CONFIG, {})
  return { engine, close: () => engine.close() }
})

describe('Athena alone', () => {
  let athena: FakeAthena
  before(async () => {
    athena = await fakeAthena(resultOf)
  })
  after(() => athena.close())

  it('given a query, then it runs in the workgroup and the database of the environment', async () => {
    await athenaAt(athena).start({ statements: ' -- all\n/* of * it */ select 1;\n' })
    const { operation, body } = athena.requests.at(-1) ?? {}
    assert.equal(operation, 'StartQueryExecution')
    const { WorkGroup, QueryExecutionContext } = body ?? {}
    assert.deepEqual(
      [WorkGroup, QueryExecutionContext],
      ['sluice-history-test-1', { Database: 'sluice_history_test_1' }],
    )
  })

  it('given a statement that could change something, then it is refused without a request', async () => {
    const before = athena.requests.length
    const statements = [
      ...['DROP TABLE readings', 'INSERT INTO readings SELECT 1', '/* SELECT */ DELETE FROM readings'],
      ...['EXPLAIN ANALYZE SELECT 1', 'UNLOAD (SELECT 1) TO x', '--\nCREATE TABLE x AS SELECT 1', ''],
      '/**/'.repeat(20_000),
    ]
    for (const one of statements)
      await assert.rejects(athenaAt(athena).start({ statements: one }), /Only queries are possible/, one)
    assert.equal(athena.requests.length, before)
  })

  it('given the id of a query of another workgroup, then it is not shown', async () => {
    athena.add('other', 'primary')
    assert.equal(await athenaAt(athena).state('other'), undefined)
  })

  it('given that Athena is away, then the message names the workgroup', async () => {
    const away = new AthenaEngine(CONFIG, {
      ...{ endpoint: 'http://127.0.0.1:1', region: 'eu-west-1', credentials: CREDENTIALS },
    })
    await assert.rejects(away.start({ statements: 'SELECT 1' }), {
      name: 'OperationFailure',
      message: /^Athena, workgroup sluice-history-test-1: /,
    })
  })
})

describe('child processes alone', () => {
  const before = process.env.TMPDIR
  const temporary = privateFolder()
  const folders = () => readdirSync(temporary).length
  // Other tests use the usual folder at the same time.
  beforeEach(() => {
    process.env.TMPDIR = temporary
  })
  afterEach(() => {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
  })

  it('given more queries than may run, then the next is refused; at the end, their folders are gone', async () => {
    const engine = new LocalSqlEngine(CONFIG, {})
    try {
      await engine.start({ statements: STATEMENTS.endless })
      await engine.start({ statements: STATEMENTS.endless })
      assert.equal(folders(), 2)
      await assert.rejects(engine.start({ statements: 'SELECT 1' }), /2 queries are running\. Cancel one/)
    } finally {
      await engine.close()
    }
    assert.equal(folders(), 0)
  })
})
