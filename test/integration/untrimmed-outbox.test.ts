/** An outbox that is published, but not trimmed, because its Redis refuses or stops in between. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { brokers } from '#local-servers/testing/servers.ts'
import { until } from '#local-servers/testing/until.ts'
import { startValkey, type Valkey } from '#local-servers/testing/valkey.ts'
import { RedisClient } from '#runtime/operating/redis'
import type { Publisher } from '#runtime/pipeline'
import { EMPTY_SELECTION } from '#runtime/test/support/inside'
import { RedisStateStore } from '#runtime/test/support/inside-redis'
import { logRecord, environmentReading as reading } from '#runtime/test/support/records'
import type { Finding } from '../../lib/diagnosis/finding.ts'
import { TestEnvironment } from '../support/environment.ts'
import { NAMES } from '../support/families.ts'
import { counting, Stage } from '../support/stage.ts'
import { TopicCommands } from '../support/topic-commands.ts'
import { ran } from '../unit/cli/terminal.ts'

/** A consumer that the doctor looks at. Its process here emits an event for every second reading. */
const CONSUMER = 'alerting'

interface Fault {
  readonly redis: string
  readonly begin: (valkey: Valkey) => unknown
  readonly end: (valkey: Valkey) => unknown
}

const FAULTS: readonly Fault[] = [
  {
    redis: 'refuses it',
    begin: ({ admin }) => admin.acl('SETUSER', 'default', '-hdel'),
    end: ({ admin }) => admin.acl('SETUSER', 'default', '+hdel'),
  },
  {
    redis: 'does not answer',
    begin: valkey => valkey.signal('SIGSTOP'),
    end: valkey => valkey.signal('SIGCONT'),
  },
  { redis: 'is killed', begin: valkey => valkey.kill(), end: valkey => valkey.restart() },
]

describe('a published outbox that Redis does not trim', () => {
  let valkey: Valkey
  let environment: TestEnvironment
  let commands: TopicCommands
  let redis: RedisClient
  let stage: Stage

  before(async () => {
    valkey = await startValkey()
    environment = await TestEnvironment.create({ url: valkey.url })
    commands = await TopicCommands.open()
    redis = new RedisClient({ url: valkey.url, commandTimeoutMs: 5_000 })
    stage = new Stage({ ...counting, name: CONSUMER } as never, { store: new RedisStateStore(redis) })
  })

  after(async () => {
    redis?.close()
    await commands?.close()
    await environment?.close()
    await valkey?.stop()
  })

  /** Delivers two readings. Returns the reasons why the partition waits. */
  async function deliver(partition: number, published: () => unknown = () => {}): Promise<string[]> {
    const topic = environment.topic('readings')
    const records = [0, 1].map(offset =>
      logRecord(offset, reading(`${partition}/${offset}`, { sensor: `${partition}` }), { topic, partition }),
    )
    const publish: Publisher['publish'] = async emitted => {
      await stage.publisher.publish(emitted)
      await published()
    }
    await stage.batch(records, { ports: { publisher: { publish } } })
    return stage.observer.waits.splice(0).map(({ reason }) => reason)
  }

  for (const [partition, { redis: happened, begin, end }] of FAULTS.entries())
    it(`given that it ${happened}, then a repeat of the batch alone publishes with the same ids, and trims`, async () => {
      const topic = environment.topic('readings')
      const values = [0, 1].map(() => ({ partition, value: 'x' }))
      await environment.client.send(topic, values)
      assert.deepEqual(await deliver(partition, () => begin(valkey)), ['store-unavailable'])
      await end(valkey)
      await until('the batch has succeeded', async () => (await deliver(partition)).length === 0)
      const { outbox } = await stage.ports.store.load(
        { consumer: CONSUMER, topic, partition },
        EMPTY_SELECTION,
      )
      const ids = stage.events.map(({ id }) => id)
      stage.publisher.publishedRecords.length = 0
      assert.deepEqual([outbox, new Set(ids).size], [[], 1])
    })

  it('then the doctor finds no emission that waits', async () => {
    const topic = environment.topic('readings')
    const groupId = NAMES.groupName(CONSUMER, environment.name)
    const partitions = [...FAULTS.keys()].map(partition => ({ partition, offset: '2' }))
    await commands.admin.setOffsets({ groupId, topic, partitions })
    const settings = { KAFKA_BROKERS: brokers().join(','), REDIS_URL: valkey.url }
    const { stdout } = await ran(['doctor', '--json', '--env', environment.name], { environment: settings })
    const findings: Finding[] = JSON.parse(stdout).findings
    const found = findings.find(
      ({ check, subject }) => check === 'published' && subject === `${CONSUMER} on ${topic}`,
    )
    assert.equal(found?.says, 'all emissions are published')
  })
})
