import assert from 'node:assert/strict'
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { createTopic } from '@sluice/test-kit/create-topic'
import { ForeignClient } from '@sluice/test-kit/foreign-client'
import { PROJECT, type Program, runProgram } from '@sluice/test-kit/program'
import { brokers, redisUrl } from '@sluice/test-kit/servers'
import { until } from '@sluice/test-kit/until'
import { type Admin, Kafka, logLevel } from 'kafkajs'
import { freePort, freePorts, LOOPBACK } from '#local-servers/ports'
import type { Event } from '#runtime/consumer'
import { RedisClient } from '#runtime/operating/redis'
import { StateInspection } from '#runtime/operating/states'
import { readOutcomes } from '../../control/queries/states/outcomes.ts'
import { temporaryFolder } from '../integration/localstack/support.ts'
import { NewUser } from '../registry/new-user.ts'
import { Registry } from '../registry/registry.ts'
import { readManifest } from '../support/packages.ts'
import { codeBlocks, TYPED_FROM_THE_README } from '../support/readme-code.ts'
import { readEvent } from '../support/sdk-reader.ts'
import { writtenMessage } from '../support/written-message.ts'

const STAGE = `shop-${process.pid}`
const PARTITIONS = 3
const TOPICS = ['orders', 'totals', 'failures'] as const
const HOUR_MS = 60 * 60_000

const topic = (name: (typeof TOPICS)[number]) => `shop.${name}.${STAGE}`

/** An event of one customer, so many hours ago. */
function order(type: 'placed' | 'paid', orderId: string, data: object = {}, hoursAgo = 0): Event {
  const time = new Date(Date.now() - hoursAgo * HOUR_MS).toISOString()
  const attributes = { id: `${type} ${orderId}`, source: '/shop', subject: 'c-1', time }
  return { ...attributes, type: `com.example.order.${type}`, data: { orderId, ...data } }
}

describe('the engine, installed from a registry into other projects', () => {
  const { folder, remove } = temporaryFolder()
  let registry: Registry
  let user: NewUser
  /** Has the engine and the trigger. */
  let orders: string
  /** Has the engine alone. */
  let shop: string
  let offline: Program | undefined
  let client: ForeignClient
  let redis: RedisClient
  let admin: Admin

  before(async () => {
    client = await ForeignClient.connect()
    redis = new RedisClient({ url: redisUrl() })
    admin = new Kafka({ brokers: brokers(), logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
    await createTopics(...TOPICS.map(topic))
    registry = await Registry.start({ folder: join(folder, 'registry'), port: await freePort() })
    await registry.publish()
    user = await NewUser.create(folder, registry.url)
    cpSync(join(PROJECT, 'examples', 'orders'), join(user.folder, 'orders'), { recursive: true })
    orders = user.makeProject('orders', readManifest('examples/orders'))
    shop = user.makeProject('shop', { type: 'module' })
  })

  after(async () => {
    offline?.signal('SIGTERM')
    const ended = await offline?.ended
    // The test runner shows the output of a file only if one of its tests failed.
    process.stderr.write(ended?.output ?? '')
    await registry?.stop()
    remove()
    await Promise.all([admin?.disconnect(), client?.close()])
    redis?.close()
  })

  async function createTopics(...topics: string[]): Promise<void> {
    const configEntries = [{ name: 'message.timestamp.type', value: 'LogAppendTime' }]
    for (const topic of topics) await createTopic(admin, { topic, numPartitions: PARTITIONS, configEntries })
  }

  const read = async (name: 'totals' | 'failures') => (await client.read(topic(name))).map(readEvent)
  const readTally = async (consumer: string, topic: string) => {
    const keys = Array.from({ length: PARTITIONS }, (_, partition) => ({ consumer, topic, partition }))
    return (await readOutcomes(new StateInspection(redis), keys)).reasons
  }
  const tally = () => readTally('orders', topic('orders'))

  /** Variables with which programs of the projects reach the servers. */
  const access = () => ({ KAFKA_BROKERS: brokers().join(','), REDIS_URL: redisUrl() })

  it('given the example, then it installs, its types are right, and its tests with the kit pass', async () => {
    await user.succeed(orders, 'install')
    await user.succeed(orders, 'run', 'check')
    assert.match(await user.succeed(orders, 'test'), /^ℹ pass 5$/m)
  })

  it('given its bundle behind the trigger, then orders are totalled, rejected, recognised and reported', async () => {
    await user.succeed(orders, 'run', 'build')
    const lambda = await startOffline()
    const first = order('placed', 'a', { cents: 250 }, 2)
    const sent = [first, order('placed', 'b', { cents: 100 }), first, order('placed', 'c', { cents: 0 })]
    await client.send(
      topic('orders'),
      [...sent, order('paid', 'b')].map(event => writtenMessage(event)),
    )
    await until('every order is decided', async () => (await tally())['applied/paid'] === 1, {
      describe: tally,
    })
    assert.deepEqual(await invokeClock(lambda), { ticks: PARTITIONS })
    // The schedule may have called it as well.
    await until('the clock is read', async () => ((await tally())['ignored/tick'] ?? 0) >= PARTITIONS, {
      describe: tally,
    })
    const { 'ignored/tick': _, ...decided } = await tally()
    assert.deepEqual(decided, {
      'applied/placed': 2,
      'applied/paid': 1,
      'duplicate/id-known': 1,
      'failed/rejected': 1,
      'timer/not-paid': 1,
    })
    const told = (await read('totals')).map(({ type, data }) => [type, data])
    assert.deepEqual(
      told.filter(([type]) => type === 'orders.total').map(([, data]) => data),
      [{ totalCents: 250 }, { totalCents: 350 }],
    )
    assert.deepEqual(
      told.filter(([type]) => type === 'orders.unpaid').map(([, data]) => data),
      [{ orderId: 'a' }],
    )
    const [failed, ...more] = await read('failures')
    assert.equal(failed?.type, 'shop.failure')
    const { errorType, error, consumer } = (failed?.data ?? {}) as Record<string, unknown>
    assert.deepEqual([errorType, error, consumer], ['rejected', 'an order costs something', 'orders'])
    assert.deepEqual(more, [])
  })

  /** Starts `serverless offline`, and returns the port of its Lambda endpoint. */
  async function startOffline(): Promise<number> {
    const [http, lambda, websocket] = (await freePorts(3)) as [number, number, number]
    const ports = ['--httpPort', `${http}`, '--lambdaPort', `${lambda}`, '--websocketPort', `${websocket}`]
    const command = ['exec', '--', 'serverless', 'offline', '--stage', STAGE, ...ports]
    offline = user.npm(orders, command, access())
    await offline.says(/^msk {2}ready: (\d+) of \1 event sources have joined their groups/m)
    return lambda
  }

  async function invokeClock(port: number): Promise<unknown> {
    const url = `http://${LOOPBACK}:${port}/2015-03-31/functions/shop-${STAGE}-clock/invocations`
    return (await fetch(url, { method: 'POST', body: '{}' })).json()
  }

  /** Type-checks modules with plain tsc, as Node.js and as bundlers resolve them. */
  async function checkTypes(...files: readonly string[]): Promise<void> {
    const options = ['--noEmit', '--strict', '--target', 'es2024', '--types', 'node']
    for (const resolution of [
      ['--module', 'nodenext'],
      ['--module', 'esnext', '--moduleResolution', 'bundler'],
    ])
      await user.succeed(shop, 'exec', '--', 'tsc', ...options, ...resolution, ...files)
  }

  /** Runs a program beside the installed engine, and returns its output. */
  async function run(program: string): Promise<string> {
    const script = join(shop, 'run.mjs')
    writeFileSync(script, program)
    const env = { ...access(), REPORT_BATCH_ITEM_FAILURES: 'true' }
    return (await runProgram(script, [], { cwd: shop, env })).output
  }

  // Promise packages/runtime/README.md#topics | The command creates the topics of an application, and the fifteen lines at the top run on them.
  it('given the engine alone and the programs of its README, then they compile and do what it says', async () => {
    const { dependencies, devDependencies } = readManifest('')
    const { dependencies: ofTests } = readManifest('test/tools')
    const tools = [
      `@types/node@${devDependencies?.['@types/node']}`,
      `typescript@${ofTests?.typescript}`,
      `cloudevents@${dependencies?.cloudevents}`,
    ]
    await user.succeed(shop, 'install', '@sluice/runtime', ...tools)
    assert.deepEqual(readdirSync(join(shop, 'node_modules', '@sluice')), ['runtime'])
    const readme = readFileSync(join(shop, 'node_modules/@sluice/runtime/README.md'), 'utf8')
    const typed = codeBlocks(readme).filter(({ file }) => TYPED_FROM_THE_README.includes(file))
    for (const { file, code } of typed) writeFileSync(join(shop, file), code)
    await checkTypes(...TYPED_FROM_THE_README)
    const topics = async () =>
      (await user.npm(shop, ['exec', '--', 'sluice-runtime', 'topics', './orders.ts'], access()).ended).output
    assert.match(
      await topics(),
      /^created {2}orders: 3 partitions, LogAppendTime\ncreated {2}alerts: .*\ncreated {2}failures: /m,
    )
    assert.match(await topics(), /^exists {3}orders\nexists {3}alerts\nexists {3}failures$/m)
    const records = [900, 200].map((cents, offset) => ({
      ...{ topic: 'orders', partition: 0, offset, timestamp: Date.now() },
      ...{ key: text('c-1'), value: text(JSON.stringify({ cents })), headers: [] },
    }))
    const answer = await run(`const { handler } = await import('./orders.ts')
      const event = { records: { 'orders-0': ${JSON.stringify(records)} } }
      console.log(JSON.stringify(await handler(event, { getRemainingTimeInMillis: () => 30_000 })))
      process.exit()`)
    assert.match(answer, /{"batchItemFailures":\[\]}/)
    const alerts = (await client.read('alerts')).map(
      record => [String(record.key), readEvent(record)] as const,
    )
    assert.deepEqual(
      alerts.map(([key, { type, data }]) => [key, type, data]),
      [['c-1', 'orders.over-limit', { total: 1100 }]],
    )
    assert.match(await run(OTHER_PROGRAMS), /^limits\.hot\napplied\/posted$/m)
  })

  it('given the examples of its API pages, then they compile, and their results are right', async () => {
    const pages = ['runtime', 'runtime-testing', 'runtime-producer', 'runtime-cloudevents', 'runtime-lambda']
    const files = pages.map(page => `${page}.ts`)
    for (const file of files) cpSync(join(PROJECT, 'examples', 'api', file), join(shop, file))
    await checkTypes(...files)
    // The topic of the README's program, which has run before.
    for (const file of files) {
      const end = await run(`await import('./${file}'); console.log('the end is reached'); process.exit()`)
      assert.match(end, /^the end is reached$/m, file)
    }
  })
})

/** Runs the process with a context and the sink of the README without servers. */
const OTHER_PROGRAMS = `
import { ProcessKit, SinkKit } from '@sluice/runtime/testing'
import { limits } from './limits.ts'
import { webhook } from './webhook.ts'
const event = (id, type, data) => ({ id, source: '/boilers', subject: 'b-1', type, data, time: '2026-03-01T12:00:00Z' })
const kit = new ProcessKit(limits)
await kit.when(
  event('1', 'com.example.limits.set', { 'b-1': 60 }),
  event('2', 'com.example.temperature.measured', { celsius: 70 }),
)
console.log(kit.publishedEvents.map(({ type }) => type).join())
globalThis.fetch = async (_, { body }) => new Response('', { status: JSON.parse(body).total === 1100 ? 200 : 400 })
console.log((await new SinkKit(webhook).when(event('1', 'orders.over-limit', { total: 1100 }))).join())
`

function text(content: string): string {
  return Buffer.from(content).toString('base64')
}
