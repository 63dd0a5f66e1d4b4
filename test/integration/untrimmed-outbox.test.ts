/** An outbox that is published, but not trimmed, because its Redis refuses or stops in between. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { brokers } from '#local-servers/testing/servers.ts'
import { until } from '#local-servers/testing/until.ts'
import { startValkey, type Valkey } from '#local-servers/testing/valkey.ts'
import type { OutgoingRecord } from '#runtime/cloudevents'
import { kafkaClient } from '#runtime/operating/kafka'
import { RedisClient } from '#runtime/operating/redis'
import { CONSUMER_DEFAULTS } from '#runtime/pipeline'
import { consume, EMPTY_SELECTION, LatestDecisions, LogChecks } from '#runtime/test/support/inside'
import { KafkaPublisher } from '#runtime/test/support/inside-kafka'
import { RedisStateStore } from '#runtime/test/support/inside-redis'
import { kafkaEvent, logRecord, environmentReading as reading } from '#runtime/test/support/records'
import { MemoryCircuitBreaker, MemoryLogReader } from '#runtime/testing'
import type { Finding } from '../../lib/diagnosis/finding.ts'
import { TestEnvironment } from '../support/environment.ts'
import { APPLICATION, NAMES } from '../support/families.ts'
import { counting, RecordingObserver } from '../support/stage.ts'
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
  /** Offset up to which the latest response permits a commit, by partition. */
  const committed: number[] = []
  const kafka = new KafkaPublisher(kafkaClient({ brokers: brokers(), clientId: 'test', auth: 'none' }))

  before(async () => {
    valkey = await startValkey()
    environment = await TestEnvironment.create({ url: valkey.url })
    commands = await TopicCommands.open()
    redis = new RedisClient({ url: valkey.url, commandTimeoutMs: 5_000 })
  })

  after(async () => {
    redis?.close()
    await kafka.close()
    await commands?.close()
    await environment?.close()
    await valkey?.stop()
  })

  /** Delivers two readings. Returns the reasons why the partition waits. */
  async function deliver(partition: number, published: () => unknown = () => {}): Promise<string[]> {
    const { report, waits } = new RecordingObserver()
    const topic = environment.topic('readings')
    const records = [0, 1].map(offset => {
      const event = reading(`${partition}/${offset}`, { sensor: `${partition}` })
      return logRecord(offset, event, { topic, partition })
    })
    const consumer = {
      ...{ ...CONSUMER_DEFAULTS, application: APPLICATION, failuresTo: APPLICATION.failuresTopic },
      ...{ process: { ...counting, name: CONSUMER } as never, env: environment.name },
    }
    const publish = async (emitted: readonly OutgoingRecord[]) => {
      await kafka.publish(emitted)
      await published()
    }
    const ports = {
      ...{ store: new RedisStateStore(redis), publisher: { publish }, log: new MemoryLogReader([]) },
      ...{ breaker: new MemoryCircuitBreaker(), report },
    }
    const { batchItemFailures } = await consume(consumer, ports, kafkaEvent(records), {
      ...{ remainingMs: () => 60_000, partialResponses: true, nowMs: Date.now, pause: async () => {} },
      ...{ codeVersion: () => 'test', latest: new LatestDecisions(), logChecks: new LogChecks() },
    })
    committed[partition] = batchItemFailures[0]?.itemIdentifier.offset ?? 2
    return waits.map(({ reason }) => reason)
  }

  for (const [partition, { redis: happened, begin, end }] of FAULTS.entries())
    it(`given that it ${happened}, then a repeat of the batch alone publishes and trims`, async () => {
      const readings = environment.topic('readings')
      await environment.client.send(
        readings,
        [0, 1].map(() => ({ partition, value: 'x' })),
      )
      assert.deepEqual(await deliver(partition, () => begin(valkey)), ['store-unavailable'])
      await end(valkey)
      await until('the batch has succeeded', async () => (await deliver(partition)).length === 0)
      const stateKey = { consumer: CONSUMER, topic: readings, partition }
      const { outbox } = await new RedisStateStore(redis).load(stateKey, EMPTY_SELECTION)
      assert.deepEqual(outbox, [])
    })

  it('then each emission has one id, and the doctor finds no other that waits', async () => {
    const emitted = await environment.read('events')
    for (const partition of FAULTS.keys()) {
      const own = emitted.filter(({ key }) => String(key).endsWith(` ${partition}`))
      assert.equal(new Set(own.map(({ headers }) => String(headers?.ce_id))).size, 1)
    }
    const topic = environment.topic('readings')
    const groupId = NAMES.groupName(CONSUMER, environment.name)
    const partitions = committed.map((offset, partition) => ({ partition, offset: String(offset) }))
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
