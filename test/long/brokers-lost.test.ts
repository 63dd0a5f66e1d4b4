import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { awsEndpoint, redisUrl } from '@sluice/test-kit/servers'
import { until } from '@sluice/test-kit/until'
import type { Admin } from 'kafkajs'
import kafkajs from 'kafkajs'
import { freePorts } from '#local-servers/ports'
import type { EntityStatistics } from '../../lib/analytics/processor.ts'
import { type Services, startServices } from '../../localstack/start-services.ts'
import { AlternatingSensors, readAlerts } from '../support/alternating-sensors.ts'
import { taken } from '../support/consumers.ts'
import { outcomes, TestEnvironment } from '../support/environment.ts'
import { Offline } from '../support/offline.ts'

const CONSUMERS = ['processor', 'alerting']
const BROKERS = ['kafka-1', 'kafka-2', 'kafka-3'] as const
const MINUTE_MS = 60_000

describe('three brokers, each ended by kill -9 in its turn, in the middle of the flow', () => {
  const sensors = new AlternatingSensors(24)
  // Times are in the past, because events in the future are refused.
  let scheduledForMs = Date.now() - 10 * MINUTE_MS
  let generated = 0
  let folder: string
  let services: Services
  let environment: TestEnvironment
  let offline: Offline
  let admin: Admin

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-brokers-'))
    const [port = 0, ...further] = await freePorts(BROKERS.length)
    services = await startServices({
      kafka: { port, further },
      valkey: { address: redisUrl() },
      aws: { address: awsEndpoint() },
      dataDir: folder,
      logsDir: folder,
    })
    environment = await TestEnvironment.create({ kafka: services.brokers, generator: { seed: 'lost' } })
    const variables = { KAFKA_BROKERS: services.brokers.join(',') }
    offline = await Offline.start(environment.name, variables, { only: ['generator', ...CONSUMERS] })
    admin = new kafkajs.Kafka({ brokers: [...services.brokers], logLevel: kafkajs.logLevel.NOTHING }).admin()
    await admin.connect()
    await sendRounds(5)
    await environment.untilTrimmed(CONSUMERS)
  })

  after(async () => {
    await admin?.disconnect()
    await offline?.stop()
    await environment?.close()
    await services?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  /** One reading of every sensor after another, until it is enough; each round waits until it is acknowledged. */
  async function sendUntil(isEnough: () => boolean): Promise<void> {
    while (!isEnough())
      await environment.client.sendUntilAcknowledged(environment.topic('readings'), sensors.nextRound())
  }

  function sendRounds(rounds: number): Promise<void> {
    const enough = sensors.rounds + rounds
    return sendUntil(() => sensors.rounds >= enough)
  }

  /** Runs the generator as its schedule does, which repeats a failed run. */
  async function runGenerator(): Promise<void> {
    scheduledForMs += MINUTE_MS
    const schedule = { time: new Date(scheduledForMs).toISOString() }
    await until('the generator has published', async () => {
      generated += (await offline.invoke<{ readings: number }>('generator', schedule)).readings
      return true
    })
  }

  /** Waits until every record, those of Kafka itself among them, has as many copies in step. */
  async function untilInStep(copies: number): Promise<void> {
    const missing = async () => {
      const { topics } = await admin.fetchTopicMetadata()
      return topics.flatMap(({ name, partitions }) =>
        partitions
          .filter(({ isr }) => isr.length !== copies)
          .map(({ partitionId }) => `${name}/${partitionId}`),
      )
    }
    await until(`${copies} copies are in step`, async () => (await missing()).length === 0, {
      describe: missing,
    })
  }

  // Whichever of them leads the controllers, and coordinates a group, at first: its turn comes.
  for (const broker of BROKERS)
    it(`when ${broker} is killed, then all continues without it; when it is back, it catches up`, async () => {
      await untilInStep(BROKERS.length)
      const decided = await environment.decided('processor')
      let isKilled = false
      const flow = sendUntil(() => isKilled)
      await environment.untilDecided('processor', decided + sensors.count)
      await services.kill(broker, 'SIGKILL')
      isKilled = true
      await flow
      await Promise.all([sendRounds(5), runGenerator()])
      await environment.untilTrimmed(CONSUMERS)
      await untilInStep(BROKERS.length - 1)
      await services.restart(broker)
      await untilInStep(BROKERS.length)
    })

  it('then every reading that was acknowledged is applied exactly once', async () => {
    await environment.untilTrimmed(CONSUMERS)
    for (const consumer of CONSUMERS) {
      const tally = await environment.tally(consumer)
      assert.equal(taken(tally), sensors.readings + generated, consumer)
      assert.equal(outcomes(tally, 'failed'), 0, consumer)
    }
    assert.ok(generated > 0)
    const states = await environment.states('processor')
    for (let sensor = 0; sensor < sensors.count; sensor++) {
      const { metrics } = states.get(`/environment/test-site s-${sensor}`) as EntityStatistics
      assert.equal(metrics.temperature?.count, sensors.rounds, `sensor ${sensor}`)
    }
  })

  it('then every change was published: as many alerts as a count by hand, despite duplicates', async () => {
    assert.deepEqual(readAlerts(await environment.read('alerts')), sensors.alerts)
  })
})
