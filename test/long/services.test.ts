import assert from 'node:assert/strict'
import { networkInterfaces } from 'node:os'
import { after, before, describe, it } from 'node:test'
import { Redis } from 'ioredis'
import kafkajs from 'kafkajs'
import { accepts } from '#local-servers/ports'
import type { ServiceEvent } from '#local-servers/report'
import { SIGNALS, topicRow } from '../../lib/app/naming/topic-table.ts'
import { createResources } from '../../localstack/aws/resources.ts'
import { createTopics } from '../../localstack/local-topics.ts'
import { type Services, startServices } from '../../localstack/start-services.ts'
import { ownServices, temporaryFolder } from '../integration/localstack/support.ts'
import { NAMES } from '../support/families.ts'

describe('given the three servers on their own ports', () => {
  const { folder, remove } = temporaryFolder()
  const events: ServiceEvent[] = []
  let options: Awaited<ReturnType<typeof ownServices>>
  let services: Services

  before(async () => {
    options = await ownServices(folder, events)
    services = await startServices(options)
  })

  after(async () => {
    await services.stop()
    remove()
  })

  it('then each has reported that it is starting and that it is ready', () => {
    for (const service of ['kafka', 'valkey', 'aws']) {
      const states = events.filter(event => event.service === service).map(event => event.state)
      assert.deepEqual(states.slice(-2), ['starting', 'ready'])
    }
  })

  it('then no other address of the machine answers on their ports', async t => {
    const addresses = Object.values(networkInterfaces())
      .flatMap(value => value ?? [])
      .filter(({ internal, family }) => !internal && family === 'IPv4')
    if (addresses.length === 0) return t.skip('the machine has no other address')
    for (const { address } of addresses) {
      for (const { port } of [options.kafka, options.valkey, options.aws]) {
        assert.equal(await accepts(address, port), false, `${address}:${port} answers`)
      }
    }
  })

  it('when the topics are created, then they match the table', async () => {
    const { created, existing } = await createTopics({ brokers: services.brokers, env: 'test', names: NAMES })
    assert.equal(created.length, SIGNALS.length)
    assert.deepEqual(existing, [])
    const admin = new kafkajs.Kafka({
      brokers: [...services.brokers],
      logLevel: kafkajs.logLevel.NOTHING,
    }).admin()
    await admin.connect()
    const { topics } = await admin.fetchTopicMetadata({
      topics: SIGNALS.map(signal => NAMES.topicName(signal, 'test')),
    })
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: NAMES.topicName('readings', 'test') }],
    })
    await admin.disconnect()
    for (const signal of SIGNALS) {
      const found = topics.find(({ name }) => name === NAMES.topicName(signal, 'test'))
      assert.equal(found?.partitions.length, topicRow(signal).partitions, signal)
    }
    const readings = new Map(resources[0]?.configEntries.map(entry => [entry.configName, entry.configValue]))
    assert.equal(readings.get('message.timestamp.type'), 'LogAppendTime')
    assert.equal(readings.get('compression.type'), 'producer')
    assert.equal(readings.get('max.message.bytes'), String(1024 * 1024))
  })

  it('when the topics are created again, then the existing ones are found', async () => {
    const { created, existing } = await createTopics({ brokers: services.brokers, env: 'test', names: NAMES })
    assert.deepEqual(created, [])
    assert.equal(existing.length, SIGNALS.length)
  })

  it('when the resources are created twice, then both calls return the same ones', async () => {
    const wanted = { awsEndpoint: services.awsEndpoint, env: 'test', generator: { seed: 7 } }
    const first = await createResources(wanted)
    assert.match(first.alertsTopicArn, /:sluice-alerts-test$/)
    assert.deepEqual(await createResources({ ...wanted, generator: { seed: 8 } }), first)
  })

  it('when Valkey is killed during writes, then everything it acknowledged is there after the restart', async () => {
    const acknowledged = await writeUntilGone(services.redisUrl, () => services.kill('valkey', 'SIGKILL'))
    await services.restart('valkey')
    const redis = new Redis(services.redisUrl)
    const kept = Number(await redis.get('counter'))
    const policy = await redis.config('GET', 'maxmemory-policy')
    redis.disconnect()
    assert.ok(acknowledged > 0)
    assert.ok(kept >= acknowledged, `${acknowledged} were acknowledged and ${kept} kept`)
    assert.deepEqual(policy, ['maxmemory-policy', 'noeviction'])
  })

  it('when another start needs the same data, then the message names the process that uses it', async () => {
    const again = { ...(await ownServices(folder)), dataDir: options.dataDir }
    await assert.rejects(
      startServices(again),
      /The data in .* is in use by servers that process \d+ has started\. Stop it first/,
    )
  })

  it('when all are restarted, then nothing is installed, and the data is kept', async () => {
    await services.stop()
    events.length = 0
    services = await startServices(options)
    assert.deepEqual(
      events.filter(event => event.state === 'installing' || event.state === 'installed'),
      [],
    )
    const { existing } = await createTopics({ brokers: services.brokers, env: 'test', names: NAMES })
    assert.equal(existing.length, SIGNALS.length)
  })
})

/** Increments a counter until the connection breaks. Calls `kill` meanwhile. */
async function writeUntilGone(url: string, kill: () => Promise<void>): Promise<number> {
  const redis = new Redis(url, { retryStrategy: () => null, maxRetriesPerRequest: 0 })
  redis.on('error', () => {})
  let acknowledged = 0
  let killed: Promise<void> | undefined
  try {
    while (true) {
      acknowledged = await redis.incr('counter')
      if (acknowledged === 500) killed = kill()
    }
  } catch {
    await killed
    redis.disconnect()
    return acknowledged
  }
}
