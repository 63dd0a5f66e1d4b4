import assert from 'node:assert/strict'
import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type Front, startFront } from '@sluice/test-kit/front'
import { until } from '@sluice/test-kit/until'
import { COPIES_AT_ONCE, startValkey, type Valkey } from '@sluice/test-kit/valkey'
import { LOOPBACK } from '#local-servers/ports'
import type { EntityStatistics } from '../../lib/analytics/processor.ts'
import { AlternatingSensors, readAlerts } from '../support/alternating-sensors.ts'
import { CONSUMERS_OF_READINGS, taken } from '../support/consumers.ts'
import { outcomes, TestEnvironment } from '../support/environment.ts'
import { Offline } from '../support/offline.ts'

/** Consumers by whether instances keep the states of their commits: the results are the same, so that two show it. */
const CONSUMERS = { true: CONSUMERS_OF_READINGS, false: ['processor', 'alerting'] }

for (const [KEEP_STATES, consumers] of Object.entries(CONSUMERS))
  describe(`Valkey, forgetting its writes while Kafka has the offsets, with KEEP_STATES=${KEEP_STATES}`, () => {
    let primary: Valkey
    let replica: Valkey
    let restored: Valkey | undefined
    let folder: string
    let serving: Valkey
    let front: Front
    let environment: TestEnvironment
    let offline: Offline
    const sensors = new AlternatingSensors(40)

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'sluice-snapshot-'))
      primary = await startValkey(COPIES_AT_ONCE)
      replica = await startValkey()
      serving = primary
      front = await startFront(() => serving.port)
      const url = `redis://${LOOPBACK}:${front.port}`
      environment = await TestEnvironment.create({ url })
      offline = await Offline.start(environment.name, { REDIS_URL: url, KEEP_STATES }, { only: consumers })
    })

    after(async () => {
      await offline?.stop()
      await environment?.close()
      front?.stop()
      await Promise.all([primary?.stop(), replica?.stop(), restored?.stop()])
      await rm(folder, { recursive: true, force: true })
    })

    async function sendRounds(rounds: number): Promise<void> {
      for (let round = 0; round < rounds; round++)
        await environment.client.send(environment.topic('readings'), sensors.nextRound())
    }

    /** Waits until counts, states and alerts are as if the fault had not happened. */
    async function untilAllIsAsItShouldBe(): Promise<void> {
      await environment.untilTrimmed(consumers)
      for (const consumer of consumers) {
        const tally = await environment.tally(consumer)
        assert.equal(taken(tally), sensors.readings, consumer)
        assert.equal(outcomes(tally, 'failed') + outcomes(tally, 'duplicate'), 0, consumer)
      }
      const states = await environment.states('processor')
      assert.equal(states.size, sensors.count)
      for (const state of states.values())
        assert.equal((state as EntityStatistics).metrics.temperature?.count, sensors.rounds)
      assert.deepEqual(readAlerts(await environment.read('alerts')), sensors.alerts)
    }

    // Promise docs/guarantees.md#what-an-operator-must-know | What a store forgets is read back from the log, and an eviction is noticed.
    it('given that it forgets everything, then the log is read from its start, and nothing is missing', async () => {
      await sendRounds(5)
      await environment.untilTrimmed(consumers)
      const flow = sendRounds(15)
      await environment.untilDecided('processor', 6 * sensors.count)
      await primary.admin.flushall()
      await flow
      // Send a record to every partition: without one, no consumer would look.
      await sendRounds(1)
      await untilAllIsAsItShouldBe()
      assert.match(offline.output, /has no state of partitions with old records/)
    })

    // Promise packages/runtime/README.md#If Redis loses writes, the missing range is read from Kafka and applied first
    // Promise docs/guarantees.md#If Redis loses writes, or everything, nothing is lost
    it('given a replica without the last writes, when it is promoted, then the log supplies them', async () => {
      await replica.admin.replicaof(LOOPBACK, primary.port)
      await until('the replica to have caught up', async () =>
        (await replica.admin.info('replication')).includes('master_link_status:up'),
      )
      // The replica lags from now on, because it is cut off.
      await replica.admin.replicaof('NO', 'ONE')
      await sendRounds(8)
      await environment.untilTrimmed(consumers)
      await primary.kill()
      serving = replica
      await sendRounds(1)
      await untilAllIsAsItShouldBe()
      assert.match(offline.output, /never delivered, or that the store forgot/)
    })

    // Promise docs/state.md#snapshots | A consumer continues from any snapshot of the cache, and reads the missing range from Kafka.
    it('given an old RDB file, when it is restored under load, then nothing is lost or applied twice', async () => {
      await environment.untilTrimmed(consumers)
      await serving.admin.save()
      const [, dir = ''] = await serving.admin.config('GET', 'dir')
      await copyFile(join(dir, 'dump.rdb'), join(folder, 'old.rdb'))
      const before = sensors.rounds
      const flow = sendRounds(30)
      await environment.untilDecided('processor', (before + 10) * sensors.count)
      restored = await startValkey(['--appendonly', 'no', '--dir', folder, '--dbfilename', 'old.rdb'])
      await serving.kill()
      serving = restored
      await flow
      // Send a record to every partition: without one, no consumer would look.
      await sendRounds(1)
      await untilAllIsAsItShouldBe()
      const lines = offline.output.split('never delivered, or that the store forgot').length
      assert.ok(lines > 2, 'the range after the snapshot is read back')
    })
  })
