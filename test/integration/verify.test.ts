/** `sluice verify` beside a consumer, on real servers. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { PROJECT } from '@sluice/test-kit/program'
import { brokers, redisUrl } from '@sluice/test-kit/servers'
import { writeEvent } from '#runtime/cloudevents'
import { KafkaLogReader, kafkaClient } from '#runtime/operating/kafka'
import { RedisClient } from '#runtime/operating/redis'
import { KafkaPublisher, toLogRecord } from '#runtime/test/support/inside-kafka'
import { RedisStateStore } from '#runtime/test/support/inside-redis'
import { erased, environmentReading as reading } from '#runtime/test/support/records'
import { computeVersions, loadAnyConsumer } from '../../cli/recomputation/consumer.ts'
import { TestEnvironment } from '../support/environment.ts'
import { Stage } from '../support/stage.ts'
import { ran } from '../unit/cli/terminal.ts'

const RULES = `
rules:
  - { name: HOT, family: environment, metric: temperature, fireAbove: 40, severity: warning }`
const SENSORS = ['s-1', 's-2', 's-3']

describe('sluice verify, beside alerting', () => {
  const redis = new RedisClient({ url: redisUrl() })
  const kafka = kafkaClient({ brokers: brokers(), clientId: 'test', auth: 'none' })
  const log = new KafkaLogReader(kafka)
  const publisher = new KafkaPublisher(kafka)
  let environment: TestEnvironment
  let folder: string
  let stage: Stage
  let version: string
  let sent = 0

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-verify-'))
    await writeFile(join(folder, 'rules.yaml'), RULES)
    environment = await TestEnvironment.create()
    const consumer = await loadAnyConsumer('alerting', variables())
    version = [...(await computeVersions('alerting'))][0] as string
    stage = new Stage(consumer.process, { store: new RedisStateStore(redis), publisher, log })
    stage.consumer = consumer
    for (let round = 0; round < 20; round += 1) await nextRound()
  })

  after(async () => {
    redis.close()
    await Promise.all([log.close(), publisher.close(), environment?.close()])
    await rm(folder, { recursive: true, force: true })
  })

  const variables = () => ({
    KAFKA_BROKERS: brokers().join(','),
    REDIS_URL: redisUrl(),
    SLUICE_ENV: environment.name,
    RULES_DIR: folder,
  })

  const sluice = (...args: string[]) => ran(args, { environment: variables(), folder: PROJECT })

  /** A reading of each sensor, hot in every fourth round, and a reading that is refused. */
  async function nextRound(): Promise<void> {
    const temperature = sent % 4 === 3 ? 45 : 20
    const messages = SENSORS.map(sensor => {
      const event = reading(`${sent}-${sensor}`, { sensor, at: sent * 60, temperature })
      const { value, headers } = writeEvent(event)
      return { key: sensor, value, headers: Object.fromEntries(headers) }
    })
    const odd = { key: 's-1', value: Buffer.from('no event') }
    const { value, headers } = writeEvent(erased('s-1'))
    const erasure = { key: 's-1', value, headers: Object.fromEntries(headers) }
    await environment.client.send(environment.topic('readings'), [
      ...messages,
      ...(sent % 5 === 0 ? [odd] : []),
      ...(sent === 2 ? [erasure] : []),
    ])
    sent += 1
    const topic = environment.topic('readings')
    const all = (await environment.read('readings')).map(record =>
      toLogRecord(topic, record.partition, record),
    )
    await stage.batch(all, { codeVersion: () => version })
  }

  /** Everything that Redis holds for the consumer. */
  async function held(): Promise<Record<string, string>> {
    return redis.run(async client => {
      const keys = (await client.keys(`*${environment.name}*`)).sort()
      const values = await Promise.all(keys.map(key => client.dumpBuffer(key)))
      return Object.fromEntries(keys.map((key, index) => [key, String(values[index]?.toString('base64'))]))
    })
  }

  // Promise docs/verify.md#what-is-compared | It compares beside a consumer that goes on, and changes nothing.
  it('given a consumer that continues meanwhile, then all is equal, and the state is unchanged', async () => {
    const going = (async () => {
      for (let round = 0; round < 5; round += 1) await nextRound()
    })()
    const { status, stdout, stderr } = await sluice('verify', 'alerting')
    await going
    assert.equal(status, 0, stdout + stderr)
    assert.match(
      stdout,
      /partitions?, \d+ records read again: \d+ states, \d+ emissions and \d+ failures match the live ones\.\n$/,
    )
    assert.match(stdout, /^Erasures of an earlier version, .* \(partition@offset\): \d+@\d+\.$/m)
    const before = await held()
    const again = await sluice('verify', 'alerting', '--json')
    const { states, emissions, failures, differences, excepted } = JSON.parse(again.stdout)
    assert.deepEqual([again.status, states, failures, differences, excepted], [0, SENSORS.length, 5, [], {}])
    assert.ok(emissions >= 30)
    assert.deepEqual(await held(), before)
  })

  // Promise docs/verify.md#on-a-schedule | The exit status and a metric say whether something differs.
  it('given a field that was changed in Redis, then the entity and the field are named', async () => {
    const [key] = await redis.run(client =>
      client.keys(`{alerting:${environment.topic('readings')}:*}:states`),
    )
    const [[entity, state] = []] = Object.entries(await redis.run(client => client.hgetall(key as string)))
    await redis.run(client =>
      client.hset(key as string, entity as string, String(state).replace('"rules":', '"changed":1,"rules":')),
    )
    const { status, stdout, stderr } = await sluice('verify', 'alerting', '--metric')
    assert.equal(status, 1, stderr)
    assert.match(stderr, new RegExp(`state +${entity} +state\\.changed +1 +-`))
    const { service, verifyDifferences, _aws } = JSON.parse(stdout)
    assert.deepEqual([service, verifyDifferences, _aws.CloudWatchMetrics.length], ['alerting', 1, 1])
  })
})
