/** Topics of other applications on real servers: three partitions, times of their producers, lz4. */
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { after, before, describe, it } from 'node:test'
import { createTopic } from '@sluice/test-kit/create-topic'
import { startHttpServer } from '@sluice/test-kit/http-server'
import { brokers, redisUrl } from '@sluice/test-kit/servers'
import type { Context } from 'aws-lambda'
import type { Admin } from 'kafkajs'
import kafkajs from 'kafkajs'
import { type LogRecord, readEvent, writeEvent } from '#runtime/cloudevents'
import type { Event } from '#runtime/consumer'
import type { KafkaHandler } from '#runtime/functions/consumers'
import { toLogRecord } from '#runtime/test/support/inside-kafka'
import { kafkaEvent } from '#runtime/testing'
import type { Finding } from '../../control/diagnosis/finding.ts'
import { readConfig } from '../../control/environment/config.ts'
import { loadStreamTopics } from '../../lib/app/inputs/loaded-inputs.ts'
import { createTopicsResource } from '../../lib/deployment/topics-resource.ts'
import { compilePlan } from '../../lib/views/language/compile-plan.ts'
import { parse } from '../../lib/views/language/parser.ts'
import { createActivatedPlan, createActivationEvent } from '../../lib/views/plan-activation.ts'
import { isRowOfStream } from '../../lib/views/stream-events.ts'
import { TestEnvironment } from '../support/environment.ts'
import { FAMILIES, NAMES } from '../support/families.ts'
import { ran } from '../unit/cli/terminal.ts'

const AT = Date.UTC(2026, 2, 1, 12)
const CONTEXT = { getRemainingTimeInMillis: () => 60_000 }
const MAPPING = (field: string) => `
family: environment
time: record
fields:
  sensorId: sensor
  temperature: ${field}
  location.site: { constant: house }
  location.latitude: { constant: 0 }
  location.longitude: { constant: 0 }
`

const ORDER_SCHEMA = {
  type: 'object',
  required: ['customerId'],
  properties: { customerId: { type: 'string' }, total: { type: 'number' } },
}
const INPUTS = (greenhouse: string, orders: string) => `
inputs:
  - { topic: ${greenhouse}, mappings: [greenhouse] }
  - topic: ${orders}
    to: events
    as: { type: com.example.order.v1, subject: customerId, time: record, schema: inputs/order.json }
`
const COUNTED = (topic: string) => `
CREATE STREAM orders (CUSTOMER_ID VARCHAR, total DOUBLE) WITH (KAFKA_TOPIC = '${topic}', VALUE_FORMAT = 'JSON');
CREATE TABLE order_counts AS SELECT CUSTOMER_ID, COUNT(*) AS n, SUM(total) AS total FROM orders GROUP BY CUSTOMER_ID;
`

async function closeConnections(handler: KafkaHandler | undefined): Promise<void> {
  const runtime = (await handler?.start()) as { connections: { close(): Promise<void> } } | undefined
  await runtime?.connections.close()
}

describe('intake of a topic of another application', () => {
  let environment: TestEnvironment
  let admin: Admin
  let folder: string
  let topic: string
  let handler: KafkaHandler
  let router: KafkaHandler
  let anew: KafkaHandler
  let orders: string
  let viewsHandler: KafkaHandler
  const variables: Record<string, string> = {}

  before(async () => {
    environment = await TestEnvironment.create()
    topic = `greenhouse-${environment.name}`
    orders = `orders-${environment.name}`
    folder = await mkdtemp(join(tmpdir(), 'intake-'))
    await writeFile(join(folder, 'greenhouse.yaml'), MAPPING('soil'))
    await mkdir(join(folder, 'inputs'))
    await writeFile(join(folder, 'inputs', 'order.json'), JSON.stringify(ORDER_SCHEMA))
    await writeFile(join(folder, 'inputs.yaml'), INPUTS(topic, orders))
    admin = new kafkajs.Kafka({ brokers: brokers(), logLevel: kafkajs.logLevel.NOTHING }).admin()
    await admin.connect()
    await createInput(topic)
    await createInput(orders)
    Object.assign(variables, {
      KAFKA_BROKERS: brokers().join(','),
      REDIS_URL: redisUrl(),
      SLUICE_ENV: environment.name,
      INPUTS_FILE: join(folder, 'inputs.yaml'),
      MAPPINGS_DIR: folder,
    })
    Object.assign(process.env, variables, { EMITTERS: '', PARTIAL_RESPONSES: 'on' })
    handler = (await import('../../functions/intake/handler.ts')).handler
    viewsHandler = (await import('../../functions/views/handler.ts')).handler
    router = (await import('../../functions/dlq-router/handler.ts')).handler
  })

  after(async () => {
    await admin?.deleteTopics({ topics: [topic, orders] }).catch(() => {})
    await admin?.disconnect()
    for (const kafkaHandler of [handler, router, viewsHandler, anew]) await closeConnections(kafkaHandler)
    await environment?.close()
    await rm(folder, { recursive: true, force: true })
  })

  const createInput = (name: string) =>
    createTopic(admin, {
      topic: name,
      numPartitions: 3,
      configEntries: [
        { name: 'compression.type', value: 'lz4' },
        { name: 'message.timestamp.type', value: 'CreateTime' },
      ],
    })

  async function send(values: readonly object[], name = topic): Promise<void> {
    const messages = values.map((value, index) => ({
      value: JSON.stringify(value),
      partition: index % 3,
      // Clocks of producers go back and forth.
      timestamp: String(AT - (index % 7) * 86_400_000),
    }))
    await environment.client.send(name, messages)
  }

  async function readInput(name = topic): Promise<LogRecord[]> {
    const records = await environment.client.read(name)
    return records.map(record => toLogRecord(name, record.partition, record))
  }

  async function deliver(to: KafkaHandler, records: readonly LogRecord[]): Promise<void> {
    assert.deepEqual(await to(kafkaEvent(records), CONTEXT), { batchItemFailures: [] })
  }

  interface Taken {
    readonly id: string
    readonly data: { readonly sensorId?: string; readonly temperature?: number; readonly error?: string }
  }

  async function readEvents(signal: 'readings' | 'failures' | 'dlq'): Promise<Taken[]> {
    return (await environment.read(signal)).map(({ value, headers = {} }) => ({
      id: String(headers.ce_id),
      data: JSON.parse(String(value)),
    }))
  }

  it('if a topic does not exist, a deployment fails with its name, and the doctor names it', async () => {
    const answer = Promise.withResolvers<unknown>()
    const { url, close } = await startHttpServer((request, response) => {
      answer.resolve(json(request))
      response.end()
    })
    const request = {
      RequestType: 'Create',
      RequestId: 'one',
      StackId: 'stack',
      LogicalResourceId: 'SluiceTopics',
      ResponseURL: url,
      ResourceProperties: { Readers: {}, Inputs: [topic, 'pumps'] },
    }
    await createTopicsResource('topics', variables)(request, CONTEXT as Context)
    const { Status, Reason } = (await answer.promise) as { Status: string; Reason: string }
    await close()
    assert.match(`${Status}: ${Reason}`, /^FAILED: .* lists a topic that does not exist: pumps\. /)
    const file = join(folder, 'pumps.yaml')
    await writeFile(file, `inputs: [{ topic: ${topic} }, { topic: pumps }]`)
    const { stdout } = await ran(['doctor', '--json'], {
      environment: { ...variables, INPUTS_FILE: file },
      folder,
    })
    const findings = (JSON.parse(stdout).findings as Finding[]).filter(({ check }) => check === 'input')
    assert.deepEqual(
      findings.map(({ subject, says }) => [subject, says]),
      [
        [topic, 'is there'],
        ['pumps', 'does not exist yet: `intake` reads it as soon as it does'],
      ],
    )
  })

  // Promise docs/inputs.md#which-record-becomes-what | Each record of an input becomes one event, in the order of its partition, and nothing is written into the topic.
  it('appends each record once and in order, and writes nothing into the topic', async () => {
    const values = Array.from({ length: 90 }, (_, index) => ({ sensor: `s${index % 3}`, soil: index }))
    await send(values)
    const records = await readInput()
    const ends = await environment.client.ends(topic)
    const deliverPart = (isPart: (offset: number) => boolean) =>
      deliver(
        handler,
        records.filter(({ offset }) => isPart(offset)),
      )
    await deliverPart(offset => offset < 20)
    // Two execution environments receive the same records. Those that neither receives are read from the log.
    await Promise.all([
      deliverPart(offset => offset >= 10 && offset < 25),
      deliverPart(offset => offset < 25),
    ])
    await deliverPart(offset => offset >= 28)
    const readings = await readEvents('readings')
    const first = new Map(readings.map(({ id, data }) => [id, data]))
    assert.equal(first.size, 90)
    for (const own of Map.groupBy(first.values(), ({ sensorId }) => sensorId).values()) {
      const numbers = own.map(({ temperature = 0 }) => temperature)
      assert.deepEqual(
        numbers,
        numbers.toSorted((a, b) => a - b),
      )
    }
    assert.deepEqual(await environment.client.ends(topic), ends)
    assert.equal(await environment.client.setting(topic, 'compression.type'), 'lz4')
    assert.equal((await environment.read('failures')).length, 0)
  })

  /** Starts a further instance of the function, which reads the current mappings. */
  async function startAnew(): Promise<KafkaHandler> {
    await closeConnections(anew)
    anew = (await import(`../../functions/intake/handler.ts?${performance.now()}`)).handler as KafkaHandler
    return anew
  }

  /** Delivers everything in a topic of the environment. */
  const deliverAll = async (reader: KafkaHandler, signal: Parameters<typeof environment.topic>[0]) =>
    deliver(reader, await readInput(environment.topic(signal)))

  // Promise docs/inputs.md#dead-letters | A redrive or due retry maps the record with the current mappings, in any format and once. A record that fails again is the next attempt of its failure.
  // Promise config/views/README.md#streams-over-an-input
  it('redrives dead letters with the current mapping, and one that still fails is its next attempt', async () => {
    await environment.client.send(topic, [
      { partition: 0, value: JSON.stringify({ sensor: 'later', moisture: 7 }), timestamp: String(AT) },
      { partition: 0, value: JSON.stringify({ sensor: 'never' }), timestamp: String(AT) },
    ])
    const ends = await environment.client.ends(topic)
    await deliver(
      handler,
      (await readInput()).filter(({ offset, partition }) => partition === 0 && offset >= 30),
    )
    const failures = await environment.read('failures')
    assert.equal(failures.length, 2)
    const name = environment.topic('failures')
    await deliver(
      router,
      failures.map(failure => toLogRecord(name, failure.partition, failure)),
    )
    assert.equal((await environment.read('dlq')).length, 2)

    await writeFile(join(folder, 'greenhouse.yaml'), MAPPING('{ from: [soil, moisture] }'))
    const before = await environment.readLength('readings')
    const { status, stdout, stderr } = await ran(
      ['dlq', 'redrive', '--consumer', 'intake', '--yes', '--json'],
      {
        environment: variables,
        folder,
      },
    )
    assert.equal(status, 0, stderr)
    assert.equal(JSON.parse(stdout).result.taken, 2, stdout)
    await deliverAll(await startAnew(), 'input-redrives')
    await deliverAll(router, 'failures')
    assert.equal(await environment.readLength('readings'), before + 1)
    const reading = (await readEvents('readings')).find(({ data }) => data.sensorId === 'later')
    assert.equal(reading?.data.temperature, 7)
    const list = JSON.parse((await ran(['dlq', 'list', '--json'], { environment: variables, folder })).stdout)
    assert.equal(list.rows.length, 1)
    const [{ attempt, originalTopic }] = list.rows
    assert.deepEqual([attempt, originalTopic], [2, topic])
    const appended = (await readInput(environment.topic('readings'))).map(
      record => readEvent(record) as Event,
    )
    const isRow = (event: Event) => isRowOfStream({ input: topic }, event)
    assert.equal(appended.filter(isRow).length, before + 1)
    assert.ok(appended.some(event => event.subject === 'later' && isRow(event)))
    assert.ok(!appended.some(event => isRowOfStream({ input: orders }, event)))
    assert.deepEqual(await environment.client.ends(topic), ends)
  })

  it('brings events of a type of its own, which tables count and SQL sees', async () => {
    const topics = await loadStreamTopics(readConfig(variables))
    const file = { name: 'orders.sql', text: COUNTED(orders) }
    const plan = createActivatedPlan(compilePlan(FAMILIES, [file], parse, topics), [])
    for (const signal of ['events', 'view-rows'] as const) {
      const partitions = Array.from(
        { length: NAMES.topicSize(signal, environment.name).partitions },
        (_, at) => at,
      )
      const messages = partitions.map(partition => {
        const event = createActivationEvent(plan, partition, new Date().toISOString())
        const { value, headers } = writeEvent(event)
        return {
          partition,
          key: null,
          value,
          headers: Object.fromEntries(headers.map(([name, bytes]) => [name, String(bytes)])),
        }
      })
      await environment.client.send(environment.topic(signal), messages)
    }
    await send(
      Array.from({ length: 30 }, (_, index) => ({ customerId: `c${index % 4}`, total: index })),
      orders,
    )
    await deliver(handler, await readInput(orders))
    for (const signal of ['events', 'view-rows'] as const)
      await deliver(viewsHandler, await readInput(environment.topic(signal)))
    const ask = async (sql: string) => {
      const { stdout, stderr } = await ran(['sql', sql, '--format', 'json'], {
        environment: variables,
        folder,
      })
      assert.notEqual(stdout, '', stderr)
      return JSON.parse(stdout).answers[0].rows
    }
    const [first] = await ask("SELECT * FROM order_counts WHERE CUSTOMER_ID = 'c0'")
    assert.deepEqual(first, { CUSTOMER_ID: 'c0', n: 8, total: 112 })
    const counts =
      'SELECT customer_id, COUNT(*) AS n, SUM(total) AS total FROM events WHERE customer_id IS NOT NULL'
    const rows = await ask(`${counts} GROUP BY ALL ORDER BY ALL`)
    assert.deepEqual(rows.length, 4)
    assert.deepEqual(rows[0], { customer_id: 'c0', n: 8, total: 112 })
  })
})
