/** A consumer that writes with the schemas of a registry starts without it, and its batches wait. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it, type TestContext } from 'node:test'
import { type HttpServer, startHttpServer } from '@sluice/test-kit/http-server'
import type { Context } from 'aws-lambda'
import type { Sink } from '#runtime/consumer'
import { environmentReading, kafkaEvent, logRecord } from '#runtime/test/support/records'
import { kafkaConsumer } from '../../../lib/app/handlers/kafka-consumer.ts'
import { counting } from '../../support/stage.ts'

const CONTEXT = { getRemainingTimeInMillis: () => 60_000 } as Context
const DOWN = { status: 503, body: '{"message": "starting"}' }
const UNKNOWN = { status: 404, body: '{"error_code": 40403, "message": "Schema not found"}' }
const KNOWN = { status: 200, body: '{"id": 7}' }

const bell: Sink = { name: 'bell', accepts: [], deliver: async () => [] }
const batch = () => kafkaEvent([logRecord(0, environmentReading('a'))])

describe('given a consumer that writes Avro, and a registry that does not answer as it starts', () => {
  let answer = DOWN
  let asked = 0
  let server: HttpServer
  before(async () => {
    server = await startHttpServer((_request, response) => {
      asked += 1
      response.statusCode = answer.status
      response.end(answer.body)
    })
  })
  after(() => server.close())
  beforeEach(() => {
    answer = DOWN
    asked = 0
  })

  /** The handler with its cold start behind it, and the lines that it logs. */
  async function coldStarted(t: TestContext, work: typeof counting | typeof bell = counting) {
    const environment = { ...process.env }
    t.after(() => {
      process.env = environment
    })
    Object.assign(process.env, {
      KAFKA_BROKERS: '127.0.0.1:1',
      REDIS_URL: 'redis://127.0.0.1:1',
      SERIALIZATION: 'avro',
      SCHEMA_REGISTRY_URL: server.url,
      REPORT_BATCH_ITEM_FAILURES: 'true',
      // Logs go to the console, where the test reads them.
      POWERTOOLS_DEV: 'true',
    })
    const lines: string[] = []
    for (const method of ['log', 'info', 'warn', 'error'] as const)
      t.mock.method(console, method, (line: unknown) => lines.push(String(line)))
    const handler = kafkaConsumer(work.name, work as typeof counting)
    const { connections } = (await handler.start()) as { connections: { close(): Promise<void> } }
    t.after(() => connections.close().catch(() => {}))
    return { handler, lines }
  }

  it('when a batch comes, then its partitions wait, and are reported with registry-unavailable', async t => {
    const { handler, lines } = await coldStarted(t)
    const { batchItemFailures } = await handler(batch(), CONTEXT)
    assert.equal(batchItemFailures.length, 1)
    const [deferred] = lines.filter(line => line.includes('"reason": "registry-unavailable"'))
    assert.match(deferred ?? '', /cannot serve requests: it answered 503 to POST .*starting/)
  })

  it('when it answers at the next invocation, then it was asked again, and the batch continues', async t => {
    const { handler, lines } = await coldStarted(t)
    await handler(batch(), CONTEXT)
    answer = KNOWN
    asked = 0
    lines.length = 0
    // Goes on to the time that is left, which is too short.
    await handler(batch(), { getRemainingTimeInMillis: () => 2_000 } as Context)
    assert.ok(asked > 0)
    assert.ok(lines.some(line => line.includes('"reason": "out-of-time"')))
    asked = 0
    await handler(batch(), { getRemainingTimeInMillis: () => 2_000 } as Context)
    assert.equal(asked, 0, 'what it has answered is kept')
  })

  it('when it turns out not to have the schema, then the invocation says what to do', async t => {
    const { handler } = await coldStarted(t)
    answer = UNKNOWN
    await assert.rejects(async () => handler(batch(), CONTEXT), {
      name: 'ConfigError',
      message: /SERIALIZATION is avro .*run `sluice schemas register`/,
    })
  })
})
