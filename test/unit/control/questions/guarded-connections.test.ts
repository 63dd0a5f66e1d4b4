import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { Hono } from 'hono'
import { LOAD } from '#runtime/operating/states'
import { Unavailable } from '#runtime/pipeline'
import { COMMIT } from '#runtime/test/support/inside-redis'
import { createConsoleEnvironment } from '../../../../console/environment.ts'
import { addRoutes, declareQuery } from '../../../../console/http/declare-route.ts'
import type { ConsoleHono } from '../../../../console/http/person.ts'
import { sendProblem } from '../../../../console/http/problem.ts'
import { readConfig } from '../../../../control/environment/config.ts'
import { GuardedConnections } from '../../../../control/questions/guarded-connections.ts'

const ROOT = join(import.meta.dirname, '../../../..')
const AWAY = { KAFKA_BROKERS: '127.0.0.1:1', REDIS_URL: 'redis://127.0.0.1:1' }
const REFUSED = { name: 'TypeError', message: /writes, which is only allowed within an operation/ }

/** Every command of Redis that the client library knows, with what the server says of it. */
const COMMANDS: Readonly<Record<string, { readonly flags: readonly string[] }>> = JSON.parse(
  readFileSync(join(ROOT, 'node_modules/@ioredis/commands/built/commands.json'), 'utf8'),
)

/** The files of command line and console that match. */
function filesWith(pattern: RegExp): string[] {
  const all = globSync('{cli,console}/**/*.ts', { cwd: ROOT })
  assert.ok(all.length > 100)
  return all.filter(file => pattern.test(readFileSync(join(ROOT, file), 'utf8'))).sort()
}

describe('connections without an operation', () => {
  let connections: GuardedConnections

  beforeEach(() => {
    connections = new GuardedConnections(readConfig(AWAY), 'test')
  })

  afterEach(() => connections.close())

  // Promise docs/commands.md#operations
  it('when it writes to Redis, then each command that can is refused, and so are scripts', async () => {
    const redis = await connections.redis()
    const writing = Object.keys(COMMANDS).filter(name => COMMANDS[name]?.flags.includes('write'))
    assert.ok(writing.length > 100)
    for (const name of [...writing, 'eval', 'evalsha', 'call', 'callBuffer', 'pipeline', 'multi', 'flushall'])
      await assert.rejects(
        redis.run(commands => (commands as never as Record<string, () => Promise<void>>)[name]?.() as never),
        name in COMMANDS || name.startsWith('call') || name === 'pipeline' ? REFUSED : Error,
        name,
      )
    for (const script of [COMMIT, { lua: '', sha1: '' }])
      assert.throws(() => redis.eval(script, [], []), REFUSED)
    // The server is only read.
    await assert.rejects(redis.eval(LOAD, [], []), Unavailable)
    await assert.rejects(
      redis.run(commands => commands.hgetall('a')),
      Unavailable,
    )
  })

  it('when it publishes or changes topics, then that is refused', async () => {
    const publisher = await connections.publisher()
    assert.throws(() => publisher.publish([RECORD]), REFUSED)
    const kafka = await connections.kafka()
    assert.throws(() => kafka.producer(), REFUSED)
    const admin = kafka.admin() as never as Record<string, () => void>
    for (const change of ['createTopics', 'deleteTopicRecords', 'alterConfigs', 'setOffsets', 'resetOffsets'])
      assert.throws(() => admin[change]?.(), REFUSED, change)
  })

  it('when it is permitted to write, then it does so until the work ends', async () => {
    const redis = await connections.redis()
    const written = () => redis.run(commands => commands.set('a', 'b'))
    await connections.writing(async () => assert.rejects(written(), Unavailable))
    await assert.rejects(written(), REFUSED)
    await assert.rejects(connections.writing(() => Promise.reject(new Error('no'))))
    await assert.rejects(written(), REFUSED)
  })

  it('while other work is permitted to write, then what it does not start is refused', async () => {
    const redis = await connections.redis()
    const written = () => redis.run(commands => commands.set('a', 'b'))
    const refused = Promise.withResolvers<void>()
    const permitted = connections.writing(async () => {
      await refused.promise
      await assert.rejects(written(), Unavailable)
    })
    await assert.rejects(written(), REFUSED)
    refused.resolve()
    await permitted
  })

  it('given a query of the console that writes, then it is refused', async () => {
    const environment = createConsoleEnvironment({ config: readConfig(AWAY), functions: [], isLocal: true })
    const reported: unknown[] = []
    const app = new Hono<ConsoleHono>()
    app.onError((error, context) => sendProblem(context, error, fault => reported.push(fault)))
    const write = async () => (await environment.connections.publisher()).publish([RECORD])
    addRoutes(app, { '/written': declareQuery({}, write) })
    assert.equal((await app.request('/written')).status, 500)
    assert.match(String(reported), REFUSED.message)
    await environment.close()
  })
})

const RECORD = { topic: 't', key: null, value: Buffer.from(''), headers: [] }

describe('the sources of command line and console', () => {
  it('given connections without that guard, then the doctor has them: it acts as a function', () => {
    assert.deepEqual(filesWith(/new (Connections|KafkaClients|RedisClient)\(/), ['cli/doctor/findings.ts'])
  })

  it('given commands that write without being operations, then they audit themselves, or produce', () => {
    assert.deepEqual(filesWith(/\.writing\(/), [
      'cli/generate/run-generator.ts',
      'cli/publish/publish-events.ts',
      'cli/replay/publish-recording.ts',
    ])
  })

  it('given what writes to Kafka below the guard, then these files and no others use it', () => {
    const writers =
      /import \{[^}]*(?:growTopic|createTopic|alterSettings|ProducerConnection|bulkPublisher)[^}]*\} from '#runtime\/operating\/kafka'|import \{[^}]*\} from '(?:#runtime\/producer|[^']*(?:recordings\/(?:bulk-publisher|publish)[.]ts|dead-letters\/work|topics\/apply))/
    assert.deepEqual(filesWith(writers), [
      'cli/generate/run-generator.ts',
      'cli/operations.ts',
      'cli/publish/publish-events.ts',
      'cli/replay/publish-recording.ts',
    ])
  })
})
