/** Changes made by operations of the command line, and their audit events. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { brokers, redisUrl } from '@sluice/test-kit/servers'
import { until } from '@sluice/test-kit/until'
import { describeGroups, kafkaClient } from '#runtime/operating/kafka'
import { RedisClient } from '#runtime/operating/redis'
import { StateList } from '#runtime/operating/states'
import type { StateKey } from '#runtime/pipeline'
import { createChange } from '#runtime/test/support/changes'
import { EMPTY_SELECTION } from '#runtime/test/support/inside'
import { RedisStateStore } from '#runtime/test/support/inside-redis'
import type { Audit } from '../../control/operations/audit-event.ts'
import { userOfMachine } from '../../scripts/machine-user.ts'
import { TestEnvironment } from '../support/environment.ts'
import { ran } from '../unit/cli/terminal.ts'

describe('operations of the command line', () => {
  const redis = new RedisClient({ url: redisUrl() })
  const store = new RedisStateStore(redis)
  let environment: TestEnvironment
  let folder: string
  let name: string
  let seen = 0

  before(async () => {
    environment = await TestEnvironment.create()
    folder = await mkdtemp(join(tmpdir(), 'sluice-operations-'))
  })

  after(async () => {
    redis.close()
    await environment?.close()
    await rm(folder, { recursive: true, force: true })
  })

  let consumers = 0
  beforeEach(() => {
    name = `gone-${environment.name}-${consumers++}`
  })

  afterEach(async () => {
    await new StateList(redis).remove(
      ({ consumer }) => consumer === name,
      () => {},
    )
  })

  async function sluice(args: readonly string[], status = 0, variables = {}, more = {}) {
    const servers = { KAFKA_BROKERS: brokers().join(','), REDIS_URL: redisUrl() }
    const ended = await ran(args, {
      ...more,
      folder,
      environment: { ...servers, SLUICE_ENV: environment.name, ...variables },
    })
    assert.equal(ended.status, status, ended.stderr)
    return ended
  }

  /** The audit events since the last call. */
  async function audits(): Promise<readonly Pick<Audit, 'action' | 'by' | 'filter' | 'counts'>[]> {
    const all = (await environment.audits()).sort((a, b) => (a.endedAt < b.endedAt ? -1 : 1))
    const fresh = all.slice(seen)
    seen = all.length
    return fresh.map(({ action, by, filter, counts }) => ({ action, by, filter, counts }))
  }

  /** An empty state of the consumer, which is there all the same. */
  async function stateOn(topic: string, partition = 0): Promise<StateKey> {
    const stateKey = { consumer: name, topic, partition }
    await store.commit(stateKey, createChange({ appliedOffset: 0 }))
    return stateKey
  }

  async function held(): Promise<readonly string[]> {
    const names = await new StateList(redis).names()
    return names.flatMap(key => (key.consumer === name ? [`${key.topic}/${key.partition}`] : []))
  }

  it('given the consumer in two environments, when all its states are dropped, then those of one go', async () => {
    const topic = environment.topic('readings')
    for (const text of [topic, environment.topic('patterns'), `${topic}-other`, 'orders']) await stateOn(text)
    await stateOn(topic, 1)
    await sluice(['state', 'drop', name, '--all-partitions', '--yes'])
    assert.deepEqual(await held(), ['orders/0', `${topic}-other/0`])
    assert.deepEqual(await audits(), [
      {
        action: 'state drop',
        by: userOfMachine(),
        filter: { consumer: name, 'all-partitions': 'yes' },
        counts: { partitions: 3 },
      },
    ])
    await sluice(['state', 'drop', name, '--all-partitions', '--topic', 'orders', '--yes'])
    await sluice(
      ['state', 'drop', name, '--all-partitions', '--env', `${environment.name}-other`, '--yes'],
      1,
    )
    assert.deepEqual(await held(), [`${topic}-other/0`])
    await audits()
  })

  it('given a group with a member, when all its states are dropped, then it is refused', async () => {
    const topic = environment.topic('readings')
    await stateOn(topic)
    const kafka = kafkaClient({ brokers: brokers(), clientId: 'test', auth: 'none' })
    const groupId = `sluice-${name}-${environment.name}`
    const consumer = kafka.consumer({ groupId })
    await consumer.connect()
    try {
      await consumer.subscribe({ topic })
      await consumer.run({ eachMessage: async () => {} })
      await until('it has a member', async () => {
        const [group] = await describeGroups(kafka, [groupId])
        return group?.state === 'stable'
      })
      const { stderr } = await sluice(['state', 'drop', name, '--all-partitions', '--yes'], 1)
      assert.match(stderr, /Nothing was changed: the consumer group .* has members/)
    } finally {
      await consumer.disconnect()
    }
    const failed = (await audits()).map(({ action, counts }) => [action, counts])
    assert.deepEqual([await held(), failed], [[`${topic}/0`], [['state drop', {}]]])
  })

  it('given a topic of another environment, when an operation names it, then it is refused', async () => {
    const foreign = await stateOn(`${environment.topic('readings')}-other`)
    for (const args of [
      ['state', 'drop', name, '--topic', foreign.topic, '--partition', '0', '--yes'],
      ['state', 'drop', name, '--topic', foreign.topic, '--all-partitions', '--yes'],
    ])
      assert.match((await sluice(args, 2)).stderr, /is not a topic of "/, args.join(' '))
    assert.deepEqual([(await held()).length, await audits()], [1, []])
  })

  it('given that Kafka does not answer, when a state is dropped, then it is as it was', async () => {
    const topic = environment.topic('readings')
    await stateOn(topic)
    const away = { KAFKA_BROKERS: '127.0.0.1:1' }
    await sluice(['state', 'drop', name, '--partition', '0', '--yes'], 1, away)
    await sluice(['state', 'drop', name, '--all-partitions', '--yes'], 1, away)
    const { version } = await store.load({ consumer: name, topic, partition: 0 }, EMPTY_SELECTION)
    assert.deepEqual([version.appliedOffset, await audits()], [0, []])
  })

  // Promise docs/commands.md#operations
  it('when each operation is carried out, then each leaves its audit event', async () => {
    const stateKey = await stateOn(environment.topic('readings'))
    const partition = ['--partition', '0']
    await sluice(['state', 'drop', name, ...partition, '--yes'])
    const silence = [
      '--rule',
      'HOT',
      '--for',
      '1h',
      '--comment',
      'works',
      '--author',
      'somebody else',
      '--json',
    ]
    const { id } = JSON.parse((await sluice(['silence', 'add', ...silence])).stdout).result
    await sluice(['silence', 'end', id])
    await sluice(['topics', 'create', `orders-${environment.name}`])
    const { topic } = stateKey
    const state = { consumer: name, topic, partition: '0' }
    const left = await audits()
    assert.deepEqual(
      left.map(({ action, filter, counts }) => [action, filter, counts]),
      [
        ['state drop', state, { partitions: 1, entities: 0 }],
        ['silence add', { id, match: 'rule=HOT' }, { silences: 1 }],
        ['silence end', { id }, { silences: 1 }],
        ['topics create', { topic: `orders-${environment.name}`, partitions: 'default' }, { created: 1 }],
      ],
    )
    assert.deepEqual([...new Set(left.map(({ by }) => by))], [userOfMachine()])
  })
})
