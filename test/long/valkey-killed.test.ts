import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { TOPICS } from '../../lib/app/topics.ts'
import { freePort } from '../../localstack/services/ports.ts'
import { type Services, startServices } from '../../localstack/services.ts'
import { AlternatingSensors, alertsIn } from '../support/alternating-sensors.ts'
import { CONSUMERS_OF_READINGS, taken } from '../support/consumers.ts'
import { outcomes, TestEnvironment } from '../support/environment.ts'
import { Offline } from '../support/offline.ts'
import { awsEndpoint, brokers } from '../support/servers.ts'
import { until } from '../support/until.ts'

describe('Valkey, ended by kill -9 in the middle of the flow', () => {
  let folder: string
  let services: Services
  let environment: TestEnvironment
  let offline: Offline
  const sensors = new AlternatingSensors(40)

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-valkey-'))
    services = await startServices({
      kafka: { address: brokers().join(',') },
      aws: { address: awsEndpoint() },
      valkey: { port: await freePort() },
      dataDir: folder,
      logsDir: folder,
    })
    environment = await TestEnvironment.create({ url: services.redisUrl })
    offline = await Offline.start(environment.name, { REDIS_URL: services.redisUrl })
  })

  after(async () => {
    await offline?.stop()
    await environment?.close()
    await services?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  async function sendRounds(rounds: number): Promise<void> {
    for (let round = 0; round < rounds; round++)
      await environment.client.send(environment.topic('readings'), sensors.nextRound())
  }

  /** Returns the visible work of the consumers without their store: committed offsets and published records. */
  async function visibleWork() {
    const committed = CONSUMERS_OF_READINGS.map(name =>
      environment.client.committed(`sluice-${name}-${environment.name}`, environment.topic('readings')),
    )
    const published = (['alerts', 'analytics', 'failures'] as const).map(signal =>
      environment.client.ends(environment.topic(signal)),
    )
    return { committed: await Promise.all(committed), published: await Promise.all(published) }
  }

  /**
   * Waits until all records that were decided before are committed, which happens even after the first failures. Returns the
   * number of attempts until then; the trigger reports the first, and then each that doubles their number.
   */
  async function untilNothingMoves(): Promise<number> {
    await untilRefused(1)
    for (let attempts = 2, seen = await visibleWork(); ; attempts *= 2) {
      const before = seen
      await untilRefused(attempts)
      seen = await visibleWork()
      if (isDeepStrictEqual(seen, before)) return attempts
    }
  }

  /** Waits until each consumer has failed at a batch so often in a row. */
  async function untilRefused(attempts: number): Promise<void> {
    for (const name of CONSUMERS_OF_READINGS) {
      const line = new RegExp(`${name}.* failed \\(attempt (\\d+)`, 'g')
      const failed = () =>
        [...offline.output.matchAll(line)].some(([, attempt]) => Number(attempt) >= attempts)
      await until(`${name} has tried ${attempts} times`, failed)
    }
  }

  it('given no Valkey, then nothing is processed unguarded: nothing is committed, and nothing published', async () => {
    await sendRounds(5)
    await environment.untilTrimmed()
    const flow = sendRounds(40)
    await environment.untilDecided('processor', sensors.readings + sensors.count)
    await services.kill('valkey', 'SIGKILL')
    await flow
    const attempts = await untilNothingMoves()
    const before = await visibleWork()
    await sendRounds(5)
    await untilRefused(2 * attempts)
    assert.deepEqual(await visibleWork(), before)
    const committed = before.committed.flat().reduce((sum, offset) => sum + Math.max(offset, 0), 0)
    assert.ok(committed < CONSUMERS_OF_READINGS.length * sensors.readings, 'records wait in Kafka')
  })

  it('when Valkey is back, then the flow continues by itself, and every reading is applied exactly once', async () => {
    await services.restart('valkey')
    await environment.untilTrimmed()
    for (const consumer of CONSUMERS_OF_READINGS) {
      const tally = await environment.tally(consumer)
      assert.equal(taken(tally), sensors.readings)
      assert.equal(outcomes(tally, 'failed') + outcomes(tally, 'duplicate'), 0)
    }
    const states = await environment.states('processor')
    assert.equal(states.size, sensors.count)
    const written = await environment.client.ends(environment.topic('readings'))
    assert.equal(written.length, TOPICS.readings.partitions)
    assert.equal(
      written.reduce((sum, end) => sum + end, 0),
      sensors.readings,
    )
  })

  it('then every change was published: as many alerts as a count by hand, despite duplicates', async () => {
    assert.deepEqual(alertsIn(await environment.read('alerts')), sensors.alerts)
  })
})
