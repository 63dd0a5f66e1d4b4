/** `sluice run` as a process, with real servers: what it serves, what it does, and how it ends. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { Kafka, logLevel } from 'kafkajs'
import { createTopics } from '../../localstack/topics.ts'
import { Program } from '../support/program.ts'
import { brokers, redisUrl } from '../support/servers.ts'
import { until } from '../support/until.ts'

/** A run that fails, as on topics that have no leaders yet, is called again with the next minute. */
const TWO_RUNS = { withinMs: 110_000 }

describe('given functions that run as a process', { timeout: 280_000 }, () => {
  const env = `run-${randomUUID().slice(0, 8)}`
  const group = `sluice-processor-${env}`
  const admin = new Kafka({ brokers: brokers(), logLevel: logLevel.NOTHING }).admin()
  let program: Program
  let address = ''

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

  before(async () => {
    await Promise.all([admin.connect(), createTopics({ brokers: brokers(), env })])
    program = new Program(
      './cli/sluice.ts',
      ['run', 'clock', 'generator', 'processor', '--port', '0', '--grace', '20s'],
      {
        env: { SLUICE_ENV: env, REDIS_URL: redisUrl(), SLUICE_GENERATOR: 'on', LOG_LEVEL: 'WARN' },
      },
    )
    await program.says(/\/ready is on http/)
    address = /\/ready is on (http:\/\/[\d.]+:\d+)/.exec(program.output)?.[1] ?? ''
  })

  after(async () => {
    program?.signal('SIGKILL')
    await program?.ended
    await admin.disconnect()
  })

  it('then it is ready once its consumer has joined, and its scheduled functions feed that', async () => {
    assert.deepEqual(await get('/health'), { status: 200, text: '{"status":"ok"}\n' })
    await until('it is ready', async () => (await get('/ready')).status === 200)
    // The generator and the clock were called at the start: what they append is counted by the consumer.
    const applied = async () =>
      sumOf((await get('/metrics')).text, 'sluice_applied_total', 'function="processor"')
    await until('readings are applied', async () => (await applied()) > 0, {
      ...TWO_RUNS,
      describe: () => program.output,
    })
  })

  it('then its metrics tell of invocations, schedules and lag', async () => {
    const ran = (text: string) =>
      sumOf(text, 'sluice_runner_scheduled_runs_total', 'function="clock",outcome="ok"') > 0
    const nothingWaits = (text: string) =>
      /^sluice_runner_lag_records\{/m.test(text) && sumOf(text, 'sluice_runner_lag_records') === 0
    await until('the clock has run', async () => ran((await get('/metrics')).text), TWO_RUNS)
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

  it('when it is told to stop, then it commits what it has done, leaves its group, and ends with status 0', async () => {
    program.signal('SIGTERM')
    const { code, output } = await program.ended
    assert.equal(code, 0, output)
    assert.match(output, /"message":"stopped"/)
    const { groups } = await admin.describeGroups([group])
    assert.equal(groups[0]?.members.length, 0)
    const topic = `sluice.telemetry.readings.${env}`
    const [committed] = await admin.fetchOffsets({ groupId: group, topics: [topic] })
    const done = committed?.partitions.reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0) ?? 0
    assert.ok(done > 0)
  })
})
