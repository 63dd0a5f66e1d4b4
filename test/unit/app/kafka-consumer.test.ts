import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { runProgram } from '@sluice/test-kit/program'
import type { Context } from 'aws-lambda'
import { environmentReading, kafkaEvent, logRecord } from '#runtime/test/support/records'
import { kafkaConsumer } from '../../../lib/app/handlers/kafka-consumer.ts'
import { counting } from '../../support/stage.ts'

const NOWHERE = { KAFKA_BROKERS: '127.0.0.1:1', REDIS_URL: 'redis://127.0.0.1:1' }

/** Returns the files of a folder that a function loads when it starts. */
async function loadConsumer(folder: string, env: Readonly<Record<string, string>> = {}): Promise<string[]> {
  const program = 'test/support/loaded-modules.ts'
  const { stdout, output } = await runProgram(program, ['functions/processor/handler.ts'], {
    env: { ...NOWHERE, ...env },
  })
  const line = stdout.split('\n').find(line => line.startsWith('{"refusal"'))
  assert.ok(line, output)
  const { refusal, loaded } = JSON.parse(line) as { refusal: string; loaded: string[] }
  assert.match(refusal, /contains no records/)
  assert.ok(
    loaded.includes('packages/runtime/adapters/lambda/observer.ts'),
    'the list is one of what was loaded',
  )
  return loaded.filter(module => module.startsWith(folder))
}

/** Settings of functions that read from Kafka and reach no server. */
function withEnvironment(t: TestContext): void {
  const before = { ...process.env }
  t.after(() => {
    process.env = before
  })
  Object.assign(process.env, NOWHERE)
}

const CONTEXT = { getRemainingTimeInMillis: () => 60_000 } as Context

describe('what a function is called', () => {
  // Promise docs/consumers.md#3-the-handler | A handler with another name than its consumer does not start.
  it('given a consumer with another name than its handler, then it does not start, and says both', async t => {
    withEnvironment(t)
    const handler = kafkaConsumer('one', counting)
    await assert.rejects(async () => handler({ records: {} }, CONTEXT), {
      message:
        "the handler of 'one' has 1 error:\n  - its consumer has another name, 'counting': both names must be equal",
    })
  })
})

describe('when a function is put together', () => {
  it('given a version of states that older ones do not lead to, then it does not start, and says so', async t => {
    withEnvironment(t)
    const { start } = kafkaConsumer('counting', { ...counting, version: 2 })
    await assert.rejects(
      start(),
      /the process 'counting' has 1 error:\n {2}- version is 2, but there is no migrate/,
    )
  })

  it('given events that are parked for less than a retry takes, then it does not start, and says so', async t => {
    withEnvironment(t)
    const { start } = kafkaConsumer('counting', { ...counting, parking: { forMs: 60_000 } })
    await assert.rejects(
      start(),
      /the process 'counting' has 1 error:\n {2}- parking.forMs is 60000: it must be at least 180000/,
    )
  })

  it('given no batch yet, then it is begun, and a batch finds it done', async t => {
    withEnvironment(t)
    const source = t.mock.fn(() => counting)
    const handler = kafkaConsumer('counting', source)
    assert.equal(source.mock.callCount(), 1)
    await assert.rejects(async () => handler({ records: {} }, CONTEXT), /contains no records/)
    assert.equal(source.mock.callCount(), 1)
  })

  it('given that it failed before there was a batch, then the batch reports that, after another try', async t => {
    withEnvironment(t)
    const source = t.mock.fn(async () => {
      throw new Error('no rules')
    })
    const handler = kafkaConsumer('counting', source)
    await setImmediate()
    await assert.rejects(async () => handler({ records: {} }, CONTEXT), /no rules/)
    assert.equal(source.mock.callCount(), 2)
  })
})

describe('when a function closes its connections', () => {
  for (const [whether, singleInvocation, closed] of [
    ['ends after one invocation', 'true', 1],
    ['stays for the next invocation', 'false', 0],
  ] as const)
    it(`given a process that ${whether}, then its sink is closed ${closed} times`, async t => {
      withEnvironment(t)
      process.env.IS_LOCAL = singleInvocation
      const close = t.mock.fn()
      const sink = { name: 'bell', accepts: [], deliver: async () => [], close }
      const handler = kafkaConsumer('bell', sink)
      await assert.rejects(async () => handler({ records: {} }, CONTEXT), /contains no records/)
      assert.equal(close.mock.callCount(), closed)
    })
})

describe('the time that a function keeps back', () => {
  const sink = { name: 'bell', accepts: [], deliver: async () => [] }
  const batch = kafkaEvent([logRecord(0, environmentReading('a'))])

  it('given less than that, then the batch waits in Kafka, and nothing is begun', async t => {
    withEnvironment(t)
    Object.assign(process.env, { REPORT_BATCH_ITEM_FAILURES: 'true' })
    const handler = kafkaConsumer('bell', sink, { reserveMs: 60_001 })
    const beganMs = performance.now()
    const { batchItemFailures } = await handler(batch, CONTEXT)
    assert.equal(batchItemFailures.length, 1)
    assert.ok(performance.now() - beganMs < 1_000, 'Redis, which does not answer, was not asked')
  })
})

describe('what a function loads', () => {
  const isOfSpans = (module: string) => module.includes('opentelemetry')

  it('given no provider and no variable of OpenTelemetry, then nothing that reports spans', async () => {
    assert.deepEqual((await loadConsumer('')).filter(isOfSpans), [])
  })

  it('given no data but JSON, then nothing that asks a registry or reads other formats', async () => {
    const loaded = await loadConsumer('', { SCHEMA_REGISTRY_URL: 'http://127.0.0.1:1' })
    const others =
      /^packages\/schema-registry\/|^node_modules\/(avsc|protobufjs|ajv)\/|\/adapters\/registry\//
    assert.deepEqual(
      loaded.filter(module => others.test(module)),
      ['packages/runtime/adapters/registry/data-reader.ts'],
    )
  })

  it('given a consumer of our events, then nothing that maps records', async () => {
    assert.deepEqual(await loadConsumer('lib/mapping/'), [])
  })

  it('given no batch to inflate, then no codec of Kafka', async () => {
    assert.deepEqual(await loadConsumer('packages/kafka-records/codecs/'), [])
  })

  it('given a variable of OpenTelemetry, then that as well, with the API', async () => {
    const loaded = await loadConsumer('', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' })
    const { 0: first = '' } = loaded.filter(isOfSpans)
    assert.match(first, /^node_modules\/@opentelemetry\/api\//)
    assert.ok(loaded.includes('packages/runtime/adapters/opentelemetry/batch-spans.ts'), loaded.join())
  })
})

describe('what a function keeps of an event', () => {
  it('given an event whose records are read, then its text is freed while they are processed', async t => {
    withEnvironment(t)
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const handler = kafkaConsumer('counting', counting)
    // A separate function, so that the event is not kept here. No server is reached, so the record waits for Redis.
    const called = () => {
      const event = kafkaEvent([logRecord(0, environmentReading('r-0'))])
      let isOver = false
      const answer = Promise.resolve(handler(event, CONTEXT)).catch(() => {})
      const over = answer.then(() => {
        isOver = true
      })
      return { over, isOver: () => isOver, text: new WeakRef(event) }
    }
    const { over, isOver, text } = called()
    for (let turns = 0; turns < 20 && text.deref(); turns += 1) {
      await setImmediate()
      collect()
    }
    assert.deepEqual(
      { isFreed: text.deref() === undefined, isOver: isOver() },
      { isFreed: true, isOver: false },
    )
    const { connections } = (await handler.start()) as { connections: { close(): Promise<void> } }
    await connections.close().catch(() => {})
    await over
  })
})
