import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { COMMIT, LOAD } from '#runtime/adapters/redis/state-store.ts'
import { Unavailable } from '#runtime/pipeline/errors.ts'
import { CommandConnections } from '../../../cli/servers/command-connections.ts'
import { readConfig } from '../../../lib/app/config.ts'
import { ACTIONS } from '../../../lib/operations/audit-event.ts'

const ROOT = join(import.meta.dirname, '../../..')
const AWAY = { KAFKA_BROKERS: '127.0.0.1:1', REDIS_URL: 'redis://127.0.0.1:1' }
const REFUSED = { name: 'TypeError', message: /writes, which is only allowed within an operation/ }

/** Every command of Redis that the client library knows, with what the server says of it. */
const COMMANDS: Readonly<Record<string, { readonly flags: readonly string[] }>> = JSON.parse(
  readFileSync(join(ROOT, 'node_modules/@ioredis/commands/built/commands.json'), 'utf8'),
)

/** The files of the command line that match. */
function filesWith(pattern: RegExp): string[] {
  const all = globSync('cli/**/*.ts', { cwd: ROOT })
  assert.ok(all.length > 100)
  return all.filter(file => pattern.test(readFileSync(join(ROOT, file), 'utf8'))).sort()
}

describe('the connections of a command that is not an operation', () => {
  let connections: CommandConnections

  beforeEach(() => {
    connections = new CommandConnections(readConfig(AWAY))
  })

  afterEach(() => connections.close())

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
})

const RECORD = { topic: 't', key: null, value: Buffer.from(''), headers: [] }

describe('the sources of the command line', () => {
  it('given connections without that guard, then the doctor has them: it acts as a function', () => {
    assert.deepEqual(filesWith(/new (Connections|KafkaClients|RedisClient)\(/), ['cli/doctor/findings.ts'])
  })

  it('given commands that write without being operations, then they audit themselves or produce', () => {
    assert.deepEqual(filesWith(/\.writing\(/), [
      'cli/generate/run-generator.ts',
      'cli/operation/carry-out.ts',
      'cli/publish/publish-events.ts',
      'cli/replay/publish-recording.ts',
    ])
  })

  it('given what writes to Kafka below the guard, then these files and no others use it', () => {
    const writers =
      /import \{[^}]*\} from '[^']*(runtime\/producer\/|operations\/(bulk|dead-letters\/work|publish\.ts|topics\/apply)|kafka\/grow-topic)/
    assert.deepEqual(filesWith(writers), [
      'cli/dlq/handle-dead-letters.ts',
      'cli/generate/run-generator.ts',
      'cli/publish/publish-events.ts',
      'cli/replay/publish-recording.ts',
      'cli/topics/apply.ts',
    ])
  })

  it('given each operation, then docs/commands.md names it', () => {
    const page = readFileSync(join(ROOT, 'docs/commands.md'), 'utf8')
    assert.deepEqual(
      ACTIONS.filter(action => !page.includes(`\`${action}\``)),
      [],
    )
  })
})
