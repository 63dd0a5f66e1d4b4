/** ksqlDB's REST interface: its statements, its queries, and who may ask. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { until } from '@sluice/test-kit/until'
import { createOpenAccess } from '../../../../console/access/access.ts'
import { formatType, formatValues } from '../../../../console/ksql/row-format.ts'
import { buildChangeAnswer } from '../../../../console/ksql/statement-answers.ts'
import { parse } from '../../../../lib/views/language/parser.ts'
import type { ChangingStatement } from '../../../../lib/views/language/syntax.ts'
import { type ColumnType, NO_TABLES } from '../../../../lib/views/plan.ts'
import { PLAN } from '../../../support/memory-tables.ts'
import { MemoryChanges, servedKsql, TOKEN } from '../../../support/served-ksql.ts'

type Served = Awaited<ReturnType<typeof servedKsql>>

const PULL = 'SELECT * FROM device_activity_counts;'
const PUSH = 'SELECT * FROM device_activity_counts EMIT CHANGES;'
const SCHEMA = '`ACTIVITY` STRING, `READINGS` BIGINT'

/** Reads the lines of a response as they come, without those that only keep it alive. */
function reading(response: Response) {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  assert.ok(reader)
  let lines: string[] = []
  const next = async (): Promise<string | undefined> => {
    const line = lines.shift()
    if (line !== undefined) return line.trim() === '' ? next() : line
    const { value, done } = await reader.read()
    if (done) return undefined
    lines = value.split(/(?<=\n)/)
    return next()
  }
  return { next, cancel: () => reader.cancel() }
}

interface Failure {
  readonly '@type': string
  readonly error_code: number
  readonly message: string
  readonly entities: readonly Entity[]
}

interface Source {
  readonly name: string
  readonly isWindowed: boolean
  readonly topic: string
}

interface Entity {
  readonly '@type': string
  readonly statementText: string
  readonly tables: readonly Source[]
  readonly streams: readonly Source[]
  readonly sourceDescription: { readonly fields: unknown; readonly windowType: string; readonly type: string }
}

interface Changed {
  readonly '@type'?: string
  readonly commandId?: string
  readonly commandStatus?: { readonly status: string; readonly message: string }
}

const json = async <T>(response: Response | Promise<Response>): Promise<T> => (await response).json() as never

const createFailure = async (response: Response | Promise<Response>) => {
  const { status } = await response
  return { status, ...(await json<Failure>(response)) }
}

describe('statements', () => {
  let served: Served
  before(async () => {
    served = await servedKsql()
  })
  after(() => served.close())

  const ksql = (text: string) => json<readonly Entity[]>(served.ask('/ksql', { ksql: text }))

  it('given /info and /healthcheck, then they answer as ksqlDB does, healthy once tables are in force', async () => {
    const info = { version: '0.29.0', kafkaClusterId: 'sluice-test', ksqlServiceId: 'test' }
    assert.deepEqual(await json(served.ask('/info')), {
      KsqlServerInfo: { ...info, serverStatus: 'RUNNING' },
    })
    const isHealthy = async () => (await fetch(`${served.url}/healthcheck`)).status
    assert.equal(await isHealthy(), 200)
    served.tables.plan = NO_TABLES
    assert.equal(await isHealthy(), 503)
    served.tables.plan = PLAN
  })

  it('given SHOW TABLES, then each table is listed once, without those that are being built', async () => {
    const [shown] = await ksql('SHOW TABLES;')
    assert.equal(shown?.['@type'], 'tables')
    assert.equal(shown.statementText, 'SHOW TABLES;')
    assert.deepEqual(
      shown.tables.map(({ name, isWindowed, topic }) => [name, isWindowed, topic]),
      [
        ['DEVICE_ACTIVITY_COUNTS', false, 'topic.of.view-changes'],
        ['ACTIVITY_BY_MINUTE', true, 'topic.of.view-changes'],
      ],
    )
  })

  it('given two statements, then both are answered', async () => {
    const [streams, described] = await ksql('LIST STREAMS; DESCRIBE Activity_by_minute;')
    assert.deepEqual(
      streams?.streams.map(({ name, topic }) => [name, topic]),
      [['DEVICE_READINGS', 'topic.of.readings']],
    )
    const { fields, windowType, type } = described?.sourceDescription ?? assert.fail()
    assert.deepEqual([type, windowType], ['TABLE', 'TUMBLING'])
    const schema = { fields: null, memberSchema: null }
    assert.deepEqual(fields, [
      { name: 'ACTIVITY', schema: { type: 'STRING', ...schema }, type: 'KEY' },
      { name: 'READINGS', schema: { type: 'BIGINT', ...schema } },
    ])
  })

  it('given properties from which nothing follows, then they are taken, and the answer warns of them', () => {
    const answer = (text: string) => buildChangeAnswer(parse(text)[0] as ChangingStatement, 'in force')
    const { warnings, commandStatus } = answer(
      "CREATE STREAM s (a VARCHAR) WITH (KAFKA_TOPIC = 'readings', KEY_FORMAT = 'KAFKA', PARTITIONS = 3);",
    )
    assert.match(String(warnings[0]?.message), /^s: nothing follows from KEY_FORMAT, PARTITIONS, /)
    assert.equal(commandStatus.message, `in force. ${warnings[0]?.message}`)
    assert.deepEqual(
      answer('CREATE TABLE t WITH (REPLICAS = 1) AS SELECT a FROM s GROUP BY a').warnings.length,
      1,
    )
  })

  it('given a browser, then it shows what answers, at the address and with the token that a client needs', async () => {
    const text = await (await fetch(served.url)).text()
    assert.match(text, /^This is the SQL interface of Sluice/)
    assert.ok(text.includes(` -u any:TOKEN ${served.url}/ksql`), text)
  })

  const wrong: readonly (readonly [text: string, message: RegExp])[] = [
    ['CREATE TABLE t AS SELECT a, COUNT(*) AS n FROM s GROUP BY a;', /sluice views apply/],
    ['DROP TABLE device_activity_counts;', /sluice views drop/],
    ['SELECT * FROM t;', /\/query/],
    ['DESCRIBE nothing;', /SHOW TABLES and SHOW STREAMS/],
    ['INSERT INTO t VALUES (1);', /^statement:1:1 /],
  ]
  for (const [text, message] of wrong)
    it(`given ${text} then it is refused with what to do`, async () => {
      const answer = await createFailure(served.ask('/ksql', { ksql: text }))
      assert.deepEqual([answer.status, answer['@type'], answer.error_code], [400, 'statement_error', 40_001])
      assert.match(answer.message, message)
    })

  it('given an error after an answer, then the answer is in the error', async () => {
    const { entities } = await createFailure(served.ask('/ksql', { ksql: 'SHOW TABLES; DESCRIBE x;' }))
    assert.equal(entities[0]?.['@type'], 'tables')
  })

  it('given a body that is not JSON, or a path that is not there, then the code says so', async () => {
    const headers = { authorization: `Bearer ${TOKEN}` }
    const broken = await createFailure(fetch(`${served.url}/ksql`, { method: 'POST', body: '{', headers }))
    assert.deepEqual([broken.status, broken['@type'], broken.error_code], [400, 'generic_error', 40_000])
    const nowhere = await createFailure(served.ask('/inserts-stream', {}))
    assert.deepEqual([nowhere.status, nowhere.error_code], [404, 40_400])
  })
})

describe('current rows', () => {
  let served: Served
  before(async () => {
    served = await servedKsql()
  })
  after(() => served.close())

  const lines = async (response: Response) => (await response.text()).trimEnd().split('\n')

  it('given /query, then a header and the rows are an array, one a line', async () => {
    const response = await served.ask('/query', { ksql: PULL, streamsProperties: {} })
    assert.equal(response.headers.get('content-type'), 'application/vnd.ksql.v1+json')
    const [header = '', ...rows] = await lines(response)
    const { queryId, schema } = JSON.parse(`${header.slice(1, -1)}`).header
    assert.equal(schema, SCHEMA)
    assert.match(queryId, /^[\da-f-]{36}$/)
    assert.deepEqual(rows, ['{"row":{"columns":["sit",2]}},', '{"row":{"columns":["walk",3]}}]'])
  })

  const STREAM_LINES = [
    ['ACTIVITY', 'READINGS'],
    ['STRING', 'BIGINT'],
  ]
  for (const accept of ['', 'application/vnd.ksqlapi.delimited.v1', 'application/json'])
    it(`given /query-stream that accepts "${accept}", then a header and lists follow one another`, async () => {
      const response = await served.ask('/query-stream', { sql: PULL, properties: {} }, { accept })
      const type = accept || 'application/vnd.ksqlapi.delimited.v1'
      assert.equal(response.headers.get('content-type'), type)
      const text = await response.text()
      const [{ columnNames, columnTypes }, ...rows] = JSON.parse(
        type === 'application/json' ? text : `[${text.trimEnd().split('\n').join()}]`,
      )
      assert.deepEqual([columnNames, columnTypes], STREAM_LINES)
      assert.deepEqual(rows, [
        ['sit', 2],
        ['walk', 3],
      ])
    })

  it('given a timestamp out of range, then the last line says so', async () => {
    const { rows } = served.tables
    served.tables.rows = [[0], [9e15]]
    const ksql = 'SELECT CAST(readings AS TIMESTAMP) AS at FROM device_activity_counts;'
    const [, first, last = ''] = await lines(await served.ask('/query', { ksql }))
    served.tables.rows = rows
    assert.equal(first, '{"row":{"columns":["1970-01-01T00:00:00.000"]}},')
    const { error_code, message } = JSON.parse(last.slice(0, -1)).errorMessage
    assert.equal(error_code, 40_000)
    assert.equal(message, 'AT has a value outside the range of TIMESTAMP. Select it as BIGINT.')
    assert.deepEqual(served.faults, [])
  })

  it('given no row, then the answer is still a document', async () => {
    const { rows } = served.tables
    served.tables.rows = []
    const response = await served.ask('/query', { ksql: PULL }, { accept: 'application/json' })
    served.tables.rows = rows
    assert.equal(response.headers.get('content-type'), 'application/json')
    assert.equal((await json<unknown[]>(response)).length, 1)
  })

  it('given a statement that is wrong, or servers that are away, then the status says so', async () => {
    const wrong = await createFailure(served.ask('/query', { ksql: 'SELECT * FROM nothing;' }))
    assert.deepEqual([wrong.status, wrong.error_code], [400, 40_001])
    assert.match(wrong.message, /^statement:1:15 .*nothing/)
    served.tables.error = new Error('secret')
    const failed = await createFailure(served.ask('/query', { ksql: PULL }))
    served.tables.error = undefined
    assert.deepEqual(
      [failed.status, failed.error_code, failed.message.includes('secret')],
      [500, 50_000, false],
    )
    assert.equal(served.faults.length, 1)
  })
})

describe('changes', () => {
  let served: Served
  before(async () => {
    served = await servedKsql({ queries: 2 })
  })
  after(() => served.close())

  it('given /query, then a change is a whole line when it comes, and blank lines keep it alive', async () => {
    const properties = { 'ksql.streams.auto.offset.reset': 'earliest' }
    const response = await served.ask('/query', { ksql: PUSH, streamsProperties: properties })
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    const untilTextIs = async (form: RegExp) => {
      while (!form.test(text)) text += (await reader?.read())?.value ?? assert.fail('the answer has ended')
    }
    await untilTextIs(/^\[\{"header":.*\},\n\n$/)
    served.tables.change(['sit', 4])
    await untilTextIs(/\n\{"row":\{"columns":\["sit",4\]\}\},\n$/)
    served.tables.change({ ended: ['sit', null] })
    await untilTextIs(/\n\{"row":\{"columns":\["sit",null\],"tombstone":true\}\},\n$/)
    assert.equal(served.tables.from, 'beginning')
    await reader?.cancel()
    await until('the question has ended', () => served.tables.open === 0)
  })

  it('given /query-stream, then each change is a line when it comes, and rows that have ended are omitted', async () => {
    const rows = reading(await served.ask('/query-stream', { sql: PUSH }))
    assert.match((await rows.next()) ?? '', /"columnNames"/)
    assert.equal(await rows.next(), '["sit",4]\n')
    served.tables.change(['walk', 5])
    assert.equal(await rows.next(), '["walk",5]\n')
    await rows.cancel()
    await until('the question has ended', () => served.tables.open === 0)
  })

  it('given a limit, then the answer ends with it', async () => {
    const limited = PUSH.replace(';', ' LIMIT 1;')
    const rows = await json<unknown[]>(served.ask('/query', { ksql: limited }))
    assert.deepEqual(rows.slice(1), [{ row: { columns: ['sit', 4] } }, { finalMessage: 'Limit Reached' }])
    assert.equal(served.tables.open, 0)
  })

  it('given as many as are allowed, then the next is refused until one ends', async () => {
    const open = [await served.ask('/query', { ksql: PUSH }), await served.ask('/query', { ksql: PUSH })]
    const refused = await createFailure(served.ask('/query', { ksql: PUSH }))
    assert.deepEqual([refused.status, refused.error_code], [429, 42_900])
    for (const response of open) await response.body?.cancel()
    await until('all questions have ended', () => served.tables.open === 0)
    const again = await served.ask('/query', { ksql: PUSH })
    assert.equal(again.status, 200)
    await again.body?.cancel()
    await until('it has ended', () => served.tables.open === 0)
  })

  it('given a client that reads nothing, then rows wait where they are', async () => {
    const socket = connect(Number(new URL(served.url).port), '127.0.0.1')
    const body = JSON.stringify({ ksql: PUSH })
    socket.pause()
    socket.write(
      `POST /query HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    )
    await until('it asks', () => served.tables.open === 1)
    const many = 10_000
    served.tables.taken = 0
    served.tables.change(...Array.from({ length: many }, (_, index) => ['x'.repeat(2_000), index]))
    await until('rows are taken', () => served.tables.taken > 10)
    let taken = 0
    await until('no more are taken', async () => {
      const before = taken
      taken = served.tables.taken
      return taken === before
    })
    assert.ok(taken < many / 2, `${taken} rows were taken`)
    socket.destroy()
    await until('the question has ended', () => served.tables.open === 0)
  })

  // Promise config/views/README.md#asking-over-http
  it('given a table that is dropped, then an error is the last line', async () => {
    const rows = reading(await served.ask('/query', { ksql: PUSH }))
    await rows.next()
    served.tables.drop()
    let last = ''
    for (let line = await rows.next(); line !== undefined; line = await rows.next()) last = line
    const { error_code, message } = JSON.parse(last.trimEnd().slice(0, -1)).errorMessage
    assert.deepEqual([error_code, message], [40_900, 'The table was dropped.'])
    assert.equal(served.tables.open, 0)
  })
})

describe('who may ask', () => {
  let served: Served
  before(async () => {
    served = await servedKsql()
  })
  after(() => served.close())

  const given: readonly (readonly [name: string, headers: Record<string, string>, status: number])[] = [
    ['a bearer token', { authorization: `Bearer ${TOKEN}` }, 200],
    ['no token', { authorization: '' }, 401],
    ['another token', { authorization: `Basic ${btoa('ada:guessed')}` }, 401],
    ['a page of another site', { origin: 'https://example.com' }, 403],
    ['a page of another site without its origin', { 'sec-fetch-site': 'cross-site' }, 403],
  ]
  for (const [name, headers, status] of given)
    it(`given ${name}, then the status is ${status}`, async () => {
      const response = await served.ask('/ksql', { ksql: 'SHOW TABLES;' }, headers)
      assert.equal(response.status, status)
      if (status !== 200) assert.equal(JSON.parse(await response.text()).error_code, status * 100)
    })

  it('given no token, then the answer does not wait for the body', async () => {
    const { hostname, port } = new URL(served.url)
    const socket = connect(Number(port), hostname)
    socket.write('POST /query HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n')
    const [first] = await once(socket, 'data')
    assert.match(String(first), /^HTTP\/1.1 401 /)
    socket.destroy()
  })

  it('given a host name of another machine, then even the right token is refused', async () => {
    const socket = connect(Number(new URL(served.url).port), '127.0.0.1')
    const headers = ['Host: example.com', `Authorization: Bearer ${TOKEN}`, 'Connection: close']
    socket.write(`GET /info HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`)
    let text = ''
    for await (const part of socket) text += part
    assert.match(text, /^HTTP\/1.1 403 /)
  })
})

describe('without a token, on the loopback address', () => {
  let served: Served
  const changes = new MemoryChanges()
  before(async () => {
    served = await servedKsql({ access: createOpenAccess({ name: 'ada', role: 'operator' }), changes })
  })
  after(() => served.close())

  const JSON_HEADERS = { authorization: '', 'content-type': 'application/json' }
  const ksql = (text: string, headers: Record<string, string> = JSON_HEADERS) =>
    served.ask('/ksql', { ksql: text }, headers)

  const given: readonly (readonly [name: string, headers: Record<string, string>, status: number])[] = [
    ['JSON', {}, 200],
    ["ksqlDB's type", { 'content-type': 'application/vnd.ksql.v1+json; charset=utf-8' }, 200],
    ['any token, which clients may send', { authorization: `Basic ${btoa('any:thing')}` }, 200],
    ['a form, which any site can send', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['a text, which any site can send', { 'content-type': 'text/plain' }, 415],
    ['another origin', { origin: 'http://localhost:3000' }, 403],
    ['another site', { 'sec-fetch-site': 'cross-site' }, 403],
  ]
  for (const [name, headers, status] of given)
    it(`given ${name}, then the status is ${status}`, async () => {
      assert.equal((await ksql('SHOW TABLES;', { ...JSON_HEADERS, ...headers })).status, status)
    })

  it("given no content type, as ksqlDB's command line sends, then it is answered", async () => {
    const body = Buffer.from(JSON.stringify({ ksql: 'SHOW TABLES;' }))
    assert.equal((await fetch(`${served.url}/ksql`, { method: 'POST', body })).status, 200)
  })

  it('given a host name of another machine, then it is refused', async () => {
    const socket = connect(Number(new URL(served.url).port), '127.0.0.1')
    socket.write('GET /info HTTP/1.1\r\nHost: evil.example:8088\r\nConnection: close\r\n\r\n')
    let text = ''
    for await (const part of socket) text += part
    assert.match(text, /^HTTP\/1.1 403 /)
  })

  it('given CREATE and DROP, then the answers are those of ksqlDB, and say what happened', async () => {
    const answers = await json<readonly Changed[]>(
      ksql("CREATE STREAM s (a INT) WITH (KAFKA_TOPIC = 'alerts'); DROP TABLE IF EXISTS nothing;"),
    )
    assert.deepEqual(
      answers.map(answer => [answer['@type'], answer.commandId, answer.commandStatus?.status]),
      [
        ['currentStatus', 'stream/S/create', 'SUCCESS'],
        ['warning_entity', undefined, undefined],
      ],
    )
    assert.equal(answers[0]?.commandStatus?.message, 'done')
  })

  it('given a change that takes longer than an answer waits, then the answer says how to look', () => {
    const [drop] = parse('DROP TABLE t;')
    const answer = buildChangeAnswer(drop as ChangingStatement, undefined)
    const { status, message } = (answer as Required<Changed>).commandStatus
    assert.equal(status, 'EXECUTING')
    assert.match(message, /The server prints the progress.*SHOW TABLES/)
  })

  it('given a change that fails or is refused, then its message and the answers before it are in the error', async () => {
    changes.failure = 'the tables are being changed'
    const failed = await createFailure(ksql('SHOW TABLES; DROP TABLE t;'))
    assert.deepEqual([failed.status, failed.error_code, failed.entities.length], [400, 40_001, 1])
    assert.match(failed.message, /the tables are being changed/)
  })
})

it('given ROWTIME or a bound of a window, then it is a number; a list of texts has the name that ksqlDB uses', () => {
  const columns = ['since', 'WINDOWSTART', 'rowtime'].map(name => ({ name, type: 'TIMESTAMP' as ColumnType }))
  assert.deepEqual(columns.map(formatType), ['TIMESTAMP', 'BIGINT', 'BIGINT'])
  assert.deepEqual(formatValues([0, 0, 0], columns), ['1970-01-01T00:00:00.000', 0, 0])
  assert.equal(formatType({ name: 'top', type: 'ARRAY<VARCHAR>' }), 'ARRAY<STRING>')
})
