/** `sluice run` as a process, with real servers: what it serves, what it does, and how it ends. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { json } from 'node:stream/consumers'
import { after, before, describe, it } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { Kafka, logLevel, type Message } from 'kafkajs'
import { createTopics } from '../../localstack/topics.ts'
import { RedisClient } from '../../packages/runtime/adapters/redis/client.ts'
import { StateReader } from '../../packages/runtime/adapters/redis/state-reader.ts'
import { writeEvent } from '../../packages/runtime/cloudevents/writer.ts'
import { ForeignClient } from '../support/foreign-client.ts'
import { Program, runProgram } from '../support/program.ts'
import { environmentReading } from '../support/records.ts'
import { startSchemaRegistry } from '../support/schema-registry.ts'
import { brokers } from '../support/servers.ts'
import { until } from '../support/until.ts'
import { startValkey, type Valkey } from '../support/valkey.ts'

/** Partitions of the readings' topic. */
const PARTITIONS = 12
/** Readings that are sent at once while a process is stopped, and the pause before the next. */
const SENSORS = 200
const ROUND_MS = 20

describe('given functions that run as a process', () => {
  const env = `run-${randomUUID().slice(0, 8)}`
  const group = `sluice-processor-${env}`
  const readings = `sluice.telemetry.readings.${env}`
  const admin = new Kafka({ brokers: brokers(), logLevel: logLevel.NOTHING }).admin()
  let program: Program
  let address = ''
  let registry: Awaited<ReturnType<typeof startSchemaRegistry>>
  /** Separate server, because it is stopped. */
  let valkey: Valkey
  let redis: RedisClient

  const get = async (path: string) => {
    const response = await fetch(`${address}${path}`)
    return { status: response.status, text: await response.text() }
  }
  /** The sum of all values of a metric whose labels have this text. */
  const sumOf = (text: string, name: string, labels = '') =>
    text
      .split('\n')
      .filter(line => line.startsWith(`${name}{`) && line.includes(labels))
      .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)

  const stateKeys = Array.from({ length: PARTITIONS }, (_, partition) => ({
    consumer: 'processor',
    topic: readings,
    partition,
  }))

  /** The entities of which the processor has a state. */
  const knownEntities = async () => {
    const states = new StateReader(redis)
    const entities: string[] = []
    for (const key of stateKeys) for await (const [entity] of states.states(key)) entities.push(entity)
    return entities
  }

  /** How many records of each partition the processor has applied, by its state. */
  const applied = async () => {
    const states = new StateReader(redis)
    return Promise.all(stateKeys.map(async key => (await states.meta(key)).version.appliedOffset + 1))
  }

  /** How many records of each partition the processor's group is through. */
  const committed = async () => {
    const [topic] = await admin.fetchOffsets({ groupId: group, topics: [readings] })
    const offsets = new Map(topic?.partitions.map(({ partition, offset }) => [partition, Number(offset)]))
    return stateKeys.map(({ partition }) => Math.max(0, offsets.get(partition) ?? 0))
  }

  /** Starts a process: its endpoints are asked from then on. */
  const start = async (...args: string[]) => {
    program = new Program('./cli/sluice.ts', ['run', ...args, '--port', '0', '--grace', '20s'], {
      env: {
        SLUICE_ENV: env,
        REDIS_URL: valkey.url,
        SCHEMA_REGISTRY_URL: registry.uri,
        SLUICE_GENERATOR: 'on',
        LOG_LEVEL: 'WARN',
      },
    })
    await program.says(/\/ready is on http/)
    address = /\/ready is on (http:\/\/[\d.]+:\d+)/.exec(program.output)?.[1] ?? ''
  }

  before(async () => {
    registry = await startSchemaRegistry()
    valkey = await startValkey()
    redis = new RedisClient({ url: valkey.url })
    // The registry gives a schema the next id.
    registry.answerBy((request, response) => {
      const [, id] = /\/schemas\/ids\/(\d+)$/.exec(request.url ?? '') ?? []
      if (request.method === 'GET') response.end(JSON.stringify(registry.schemas.get(Number(id))))
      else
        void json(request).then(schema => {
          registry.schemas.set(registry.schemas.size + 1, schema as { schema: string })
          response.end(JSON.stringify({ id: registry.schemas.size }))
        })
    })
    await Promise.all([admin.connect(), createTopics({ brokers: brokers(), env })])
    await start('clock', 'generator', 'processor')
  })

  after(async () => {
    program?.signal('SIGKILL')
    await program?.ended
    redis?.close()
    await valkey?.stop()
    await registry?.close()
    await admin.disconnect()
  })

  it('then it is ready once its consumer has joined, and its scheduled functions feed that', async () => {
    assert.deepEqual(await get('/health'), { status: 200, text: '{"status":"ok"}\n' })
    await until('it is ready', async () => (await get('/ready')).status === 200)
    // The generator and the clock were called at the start: what they append is counted by the consumer.
    const counted = async () =>
      sumOf((await get('/metrics')).text, 'sluice_applied_total', 'function="processor"')
    await until('readings are applied', async () => (await counted()) > 0, {
      describe: () => program.output,
    })
  })

  it('then its metrics include invocations, schedules and lag', async () => {
    const ran = (text: string) =>
      sumOf(text, 'sluice_runner_scheduled_runs_total', 'function="clock",outcome="ok"') > 0
    const nothingWaits = (text: string) =>
      /^sluice_runner_lag_records\{/m.test(text) && sumOf(text, 'sluice_runner_lag_records') === 0
    await until('the clock has run', async () => ran((await get('/metrics')).text))
    await until('nothing waits', async () => nothingWaits((await get('/metrics')).text))
    const { text } = await get('/metrics')
    assert.ok(sumOf(text, 'sluice_runner_invocations_total', 'function="processor",outcome="ok"') > 0, text)
    assert.ok(ran(text), text)
    assert.match(text, /^sluice_runner_kafka_up 1$/m)
    assert.match(text, /^process_resident_memory_bytes \d+$/m)
    // Each line is a comment or a value: else Prometheus refuses all of them.
    for (const line of text.trimEnd().split('\n'))
      assert.match(line, /^(# (HELP|TYPE) \w+ .+|\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? -?[\d.e+-]+)$/)
    assert.doesNotMatch(program.output, /"_aws"/)
  })

  it('given the producers of examples/, then what they send is applied, with a schema registry and without', async () => {
    const run = (example: string, DEVICES: string, registry = '') =>
      new Program(`./examples/${example}/main.mjs`, [], {
        env: { KAFKA_BROKERS: brokers().join(), TOPIC: readings, DEVICES, SCHEMA_REGISTRY_URL: registry },
      })
    const producers = [
      run('device-producer', '3'),
      run('device-producer-proto', '2'),
      // The others are trackers, too: the third one comes from here alone.
      run('device-producer-proto', '3', registry.uri.replace(/\/$/, '')),
    ]
    const devices = [...['wristband', 'tracker'].flatMap(model => [1, 2, 3].map(n => `${model}-${n}`))]
    const missing = async () => {
      const known = await knownEntities()
      return devices.filter(device => !known.some(entity => entity.endsWith(device)))
    }
    try {
      await until('each device is known', async () => (await missing()).length === 0, { describe: missing })
      for (const one of producers) {
        one.signal('SIGTERM')
        const { code, output } = await one.ended
        assert.equal(code, 0, output)
        assert.match(output, /^[1-9]\d* readings were delivered$/m)
      }
    } finally {
      for (const one of producers) one.signal('SIGKILL')
    }
    assert.deepEqual([...registry.schemas.keys()], [1])
    const { text } = await get('/metrics')
    assert.equal(sumOf(text, 'sluice_failed_total'), 0, text)
    assert.equal(sumOf(text, 'sluice_misrouted_total'), 0, text)
  })

  it('given a Redis that evicts, then a process is refused before it reads anything', async () => {
    await redis.run(one => one.config('SET', 'maxmemory-policy', 'allkeys-lru'))
    const { code, output } = await runProgram('./cli/sluice.ts', ['run', 'clock', '--port', '0'], {
      env: { SLUICE_ENV: env, REDIS_URL: valkey.url },
    })
    assert.match(output, /^REDIS_URL: 127\.0\.0\.1:\d+: maxmemory-policy=allkeys-lru, must be noeviction: /)
    assert.equal(output.trimEnd().split('\n').length, 1)
    assert.equal(code, 1)
    await redis.run(one => one.config('SET', 'maxmemory-policy', 'noeviction'))
  })

  it('when it is asked to stop, even thrice, then it commits all that it has applied, and leaves its group', async () => {
    const client = await ForeignClient.connect()
    // Readings continue until it has ended, so that it is stopped in the middle of its work.
    const over = new AbortController()
    const sending = (async () => {
      for (let round = 0; !over.signal.aborted; round += 1) {
        await client.send(readings, roundOf(round))
        await pause(ROUND_MS)
      }
    })()
    // The rejection is awaited at the end, and may come before.
    sending.catch(() => {})
    try {
      const before = sum(await applied())
      await until('some of them are applied', async () => sum(await applied()) > before + SENSORS)
      for (const signal of ['SIGTERM', 'SIGTERM', 'SIGINT'] as const) program.signal(signal)
      const { code, output } = await program.ended
      assert.equal(code, 0, output)
      assert.equal(output.match(/"message":"stopped"/g)?.length, 1)
      const done = await applied()
      assert.deepEqual(await committed(), done)
      assert.ok(sum(await client.ends(readings)) > sum(done), 'it was not in the middle of its work')
      const { groups } = await admin.describeGroups([group])
      assert.equal(groups[0]?.members.length, 0)
    } finally {
      over.abort()
      await sending
      await client.close()
    }
  })

  it('given that Redis goes away, then it is not ready and says why, and /health does not change', async () => {
    await start('patterns')
    await until('it is ready', async () => (await get('/ready')).status === 200)
    await valkey.kill()
    await until('it is not ready', async () => (await get('/ready')).status === 503)
    const { reasons } = JSON.parse((await get('/ready')).text)
    assert.equal(reasons.length, 1)
    assert.match(reasons[0], /^Redis at 127\.0\.0\.1:\d+ does not answer: /)
    assert.equal((await get('/health')).status, 200)
    assert.match((await get('/metrics')).text, /^sluice_runner_redis_up 0$/m)
    program.signal('SIGTERM')
    const { code, output } = await program.ended
    assert.equal(code, 0, output)
  })
})

/** Readings of many sensors, in all partitions. */
function roundOf(round: number): Message[] {
  return Array.from({ length: SENSORS }, (_, n) => {
    const sensor = `s-${n}`
    const event = environmentReading(`${round}-${sensor}`, { sensor, time: new Date().toISOString() })
    const { value, headers } = writeEvent(event)
    return { key: sensor, value, headers: Object.fromEntries(headers) }
  })
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
