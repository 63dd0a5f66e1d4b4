import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { describe, it } from 'node:test'
import { Pool } from 'pg'
import { POOL } from '../../../lib/storage/adapters/postgres.ts'
import {
  canBeOfRow,
  endsSession,
  explain,
  isUnnamed,
  type PostgresError,
  SERVER_LIMITS,
} from '../../../lib/storage/adapters/postgres-failures.ts'

it('given a wait for a connection that is in use, then it is longer than that for the server, and the message is its own', async context => {
  const server = createServer().listen(0, '127.0.0.1')
  context.after(() => server.close())
  await new Promise(resolve => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  server.on('connection', socket => socket.on('error', () => {}))
  const getReason = (pool: Pool) =>
    pool.connect().then(
      () => '',
      error => explain(error),
    )
  const reached = { host: '127.0.0.1', port }
  const busy = new Pool({ ...POOL, ...reached, max: 1, connectionTimeoutMillis: 50 })
  const [first, second] = await Promise.all([getReason(busy), getReason(busy)])
  assert.match(first, /does not answer in time/)
  assert.match(second, /other partitions have used all connections for 20 seconds/)
  const started = Date.now()
  const silent = new Pool({ ...POOL, ...reached })
  assert.match(await getReason(silent), /does not answer in time/)
  assert.ok(Date.now() - started < (POOL.connectionTimeoutMillis ?? 0) / 2)
  await Promise.all([busy.end(), silent.end()])
})

it('given the limits of the server, then each is shorter than that of the client', () => {
  for (const [name, ms] of Object.entries(SERVER_LIMITS))
    assert.ok(ms < Number(POOL.query_timeout), `${name}: ${ms} ms`)
})

describe('errors of PostgreSQL', () => {
  const error = (parts: Partial<PostgresError>): PostgresError =>
    Object.assign(new Error('secret'), { severity: 'ERROR', ...parts })
  const table = 'readings'
  const where = 'SQL statement "secret"\nPL/pgSQL function sluice.check_it() line 3 at RAISE'
  const raised = { where, routine: 'exec_stmt_raise', message: 'secret' }
  const UNDO = 'The records wait. Undo this change of the database.'
  const cases: readonly (readonly [Partial<PostgresError>, string])[] = [
    [
      { code: '23505', table, constraint: 'one' },
      `refused by constraint one of table readings (SQLSTATE 23505). ${UNDO}`,
    ],
    [
      { code: '23502', table, column: 'note' },
      `refused by column note of table readings (SQLSTATE 23502). ${UNDO}`,
    ],
    [
      { code: '23503', table: 'other', constraint: 'two', where },
      `refused by constraint two of table other (SQLSTATE 23503). ${UNDO}`,
    ],
    [{ code: '23514', constraint: 'low' }, `refused by constraint low of table ? (SQLSTATE 23514). ${UNDO}`],
    [
      { code: 'P0001', ...raised },
      `refused by function sluice.check_it, trigger strict (SQLSTATE P0001). ${UNDO}`,
    ],
    [
      { code: '23514', ...raised, table: 'secret', column: 'secret', constraint: 'secret' },
      `refused by function sluice.check_it, trigger strict (SQLSTATE 23514). ${UNDO}`,
    ],
    [{ code: '22001' }, `refused by the database, trigger strict (SQLSTATE 22001). ${UNDO}`],
    [{ code: '42703', message: 'no column "tags"' }, `no column "tags" (SQLSTATE 42703). ${UNDO}`],
    [
      { code: '42601', where },
      `refused by function sluice.check_it, trigger strict (SQLSTATE 42601). ${UNDO}`,
    ],
    [
      { code: '42501', message: 'permission denied for table readings' },
      'permission denied for table readings (SQLSTATE 42501). The records wait. Grant writer its rights, or the schema sluice.',
    ],
    [
      { code: '22P02', where: 'JSON data, line 1: PL/pgSQL function secret()' },
      `refused by the database, trigger strict (SQLSTATE 22P02). ${UNDO}`,
    ],
    [
      { code: 'P0001', ...raised, message: 'connection timeout' },
      `refused by function sluice.check_it, trigger strict (SQLSTATE P0001). ${UNDO}`,
    ],
  ]
  for (const [parts, text] of cases)
    it(`given ${JSON.stringify(parts).slice(0, 60)}, then one line names what refuses, without data`, () => {
      const failure = error(parts)
      assert.equal(explain(failure, 'writer', isUnnamed(failure) ? ['trigger strict'] : []), text)
    })

  it('given locks, limits and lost servers, then the reason is not a refusal', () => {
    const reasons: readonly (readonly [Partial<PostgresError>, RegExp])[] = [
      [{ code: '55P03' }, /another session has locked the table/],
      [{ code: '57014' }, /was cancelled, after 8 s/],
      [{ code: '40P01' }, /another transaction was in the way/],
      [{ code: '25006' }, /read-only/],
      [{ code: '53300', severity: 'FATAL' }, /accepts no more connections\. Raise max_connections/],
      [{ code: '57P03', severity: 'FATAL' }, /is starting or recovering/],
      [{ code: '57P01', severity: 'FATAL' }, /is shutting down/],
      [{ code: '28000', severity: 'FATAL' }, /does not accept this user from here/],
      [{ code: '08006', severity: 'FATAL' }, /ended the connection/],
      [{ severity: undefined, code: 'ECONNREFUSED' }, /does not answer\. Start it, or correct STORAGE_URL/],
      [{ severity: undefined, code: 'ENOTFOUND' }, /unknown host name\. Correct STORAGE_URL/],
      [{ severity: undefined, message: 'Query read timeout' }, /has not answered for 10 seconds/],
    ]
    for (const [parts, reason] of reasons) {
      assert.match(explain(error(parts)), reason)
      assert.deepEqual([canBeOfRow(error(parts)), isUnnamed(error(parts))], [false, false])
    }
  })

  it('given a code of values, then the row can be at fault; given another constraint, a right or a client, it cannot', () => {
    const codes = [
      '22P02',
      '22003',
      '54000',
      '23502',
      '23505',
      '23514',
      '23503',
      '42501',
      '42804',
      '28P01',
      'P0001',
    ]
    assert.deepEqual(
      codes.filter(code => canBeOfRow(error({ code }))),
      codes.slice(0, 4),
    )
    assert.equal(canBeOfRow(error({ code: '22P02', severity: undefined })), false)
  })

  it('given an error of the session or its server, then the session is closed; given one of data, statement or lock, it stays', () => {
    const ending = {
      'in recovery, or read-only': ['25006', '55000'],
      'a transaction in another state': ['25001', '25P02', '25P03', '25P04'],
      'a server that stops': ['57000', '57P01', '57P02', '57P03', '57P05'],
      'a database or role that is gone': ['57P04', '3D000', '28000', '28P01', '42501'],
      'a connection': ['08000', '08003', '08006', '08P01', '53300'],
      'state of the session': ['0A000', '26000', '53200', '53400', 'F0000', 'XX000', 'XX001'],
      'an unknown code': ['ZZ999', undefined],
    }
    const staying = {
      data: ['21000', '22001', '22P02', '23502', '23505', '23514', '27000', '44000', '54000'],
      statement: ['38000', '39000', '42P01', '42703', '42804', 'P0001', '57014'],
      'another transaction': ['40001', '40P01', '55006', '55P03'],
      disk: ['53100'],
    }
    for (const [lists, ends] of [[ending, true] as const, [staying, false] as const])
      for (const [given, codes] of Object.entries(lists))
        for (const code of codes) {
          const parts = code === undefined ? {} : { code }
          assert.equal(endsSession(error(parts)), ends, `${given}: ${code}`)
        }
  })
})
