import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { until } from '@sluice/test-kit/until'
import kafkajs, { type Consumer, Kafka, logLevel, type PartitionAssigner } from 'kafkajs'
import { readSettings } from '../../config/settings.ts'
import { Semaphore } from '../../deliver/semaphore.ts'
import { Cluster } from '../../poll/cluster-client.ts'
import { GroupMember } from '../../poll/member.ts'
import { Outage } from '../../report/attempts.ts'
import { EventSource } from '../../source.ts'
import { createMapping } from '../unit/support.ts'
import { BROKERS, TestKafka } from './kafka.ts'

const GRACE_MS = 3_000
const { AssignerProtocol } = kafkajs

/** Far less than the others take until their next heartbeat. */
const END_WITHIN_MS = 20_000

/** API keys of Kafka's protocol. */
const FETCH = 1
const JOIN_GROUP = 11

describe('a stopped source leaves its group, in whatever state its join is', () => {
  let kafka: TestKafka
  let topic: string
  const others: { readonly consumer: Consumer; readonly joined: Promise<void> }[] = []

  before(async () => {
    kafka = await TestKafka.connect()
    topic = await kafka.topic('left', 2)
  })
  after(async () => {
    // One after another: a consumer that waits for another to leave has joined after that, and can then leave itself.
    for (const { consumer, joined } of others) {
      await joined
      await consumer.disconnect()
    }
    await kafka?.close()
  })

  /** A source in a group. `onRequest` receives the API key of each request that its member is about to send. */
  function given(groupId: string, onRequest: (key: number) => void) {
    const settings = readSettings({ brokers: BROKERS, sessionTimeoutMs: 6_000 }, {})
    const lines: string[] = []
    const note = (line: string) => void lines.push(line)
    const log = { notice: note, warning: note, error: note }
    const cluster = new Cluster(client('questions'))
    const source = new EventSource(createMapping({ topic, groupId }), {
      settings,
      log,
      report: () => {},
      outage: new Outage(),
      reserved: new Semaphore(Number.POSITIVE_INFINITY),
      sender: undefined,
      cluster,
      invoke: async () => {},
      member: (mapping, listener) =>
        new GroupMember(clientId => client(clientId, onRequest), mapping, settings, listener),
    })
    const running = source.run()
    const stop = async () => {
      const toldAtMs = performance.now()
      await source.stop(GRACE_MS)
      await running
      const tookMs = performance.now() - toldAtMs
      await cluster.close()
      return tookMs
    }
    return { source, stop, lines }
  }

  /** The members of the group, by their client ids without the unique suffix. */
  async function members(groupId: string): Promise<string[]> {
    const { groups } = await kafka.admin.describeGroups([groupId])
    return groups.flatMap(group => group.members.map(({ clientId }) => clientId.replace(/-[0-9a-f]{8}$/, '')))
  }

  /** A member that notices nothing until its next heartbeat, and so delays every other join. */
  async function slowMember(groupId: string, name: string): Promise<{ readonly joined: Promise<void> }> {
    const consumer = client(name).consumer({
      groupId,
      sessionTimeout: 30_000,
      heartbeatInterval: 29_000,
      maxWaitTimeInMs: 100,
    })
    await consumer.connect()
    await consumer.subscribe({ topic })
    // Resolves when it has joined. It cannot leave before.
    const joined = consumer.run({ autoCommit: false, eachBatch: async () => {} })
    others.push({ consumer, joined })
    return { joined }
  }

  it('before any request of its join', async () => {
    let requests = 0
    for (let isIn = false; !isIn; ) {
      const last = requests + 1
      let sent = 0
      const groupId = `way-in-${randomUUID()}`
      const moment = Promise.withResolvers<void>()
      const { stop } = given(groupId, key => {
        sent += 1
        if (sent !== last) return
        isIn = key === FETCH
        moment.resolve()
      })
      await moment.promise
      const tookMs = await stop()
      assert.deepEqual(await members(groupId), [], `stopped at request ${last}`)
      assert.ok(tookMs < END_WITHIN_MS, `stopped at request ${last}, it took ${tookMs} ms`)
      requests = last
    }
    // Versions, metadata, coordinator, join without and with an id, sync, the first fetch.
    assert.ok(requests >= 7, `${requests} requests`)
  })

  it('while a broker makes its join wait for the other members', async () => {
    const groupId = `pending-${randomUUID()}`
    const other = await slowMember(groupId, 'other')
    await other.joined
    const { stop } = given(groupId, () => {})
    await until('the join is under way', async () => (await members(groupId)).length === 2)
    const tookMs = await stop()
    assert.deepEqual(await members(groupId), ['other'])
    assert.ok(tookMs < END_WITHIN_MS, `it took ${tookMs} ms`)
  })

  it('while a broker makes its second join wait', async () => {
    const groupId = `again-${randomUUID()}`
    let joins = 0
    const { source, stop } = given(groupId, key => {
      joins += Number(key === JOIN_GROUP)
    })
    await source.started
    const second = await slowMember(groupId, 'second')
    await second.joined
    const before = joins
    await slowMember(groupId, 'third')
    await until('the source joins again', () => joins > before)
    const tookMs = await stop()
    assert.ok(!(await members(groupId)).includes('msk-trigger'))
    assert.ok(tookMs < END_WITHIN_MS, `it took ${tookMs} ms`)
  })

  it('given a machine too busy for heartbeats, then it says once that its group removed it, and why', async () => {
    const { source, stop, lines } = given(`busy-${randomUUID()}`, () => {})
    await source.started
    const removals = () => lines.filter(line => line.includes('had removed this member'))
    // Nothing else of this process runs meanwhile.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 9_000)
    await until('it has joined again', async () => removals().length > 0)
    await source.inject({ function: 'f', fault: 'rebalance' })
    await stop()
    assert.equal(removals().length, 1)
    assert.match(
      removals()[0] ?? '',
      /no heartbeat of it arrived within sessionTimeoutMs \(6000\), as on a busy/,
    )
  })

  it('given a group that another application is in, then it says so, and reads once that has left', async () => {
    const groupId = `taken-${randomUUID()}`
    const consumer = client('kafka-python').consumer({ groupId, partitionAssigners: [assignRange] })
    await consumer.connect()
    await consumer.subscribe({ topic })
    await consumer.run({ autoCommit: false, eachBatch: async () => {} })
    await until('the application has joined', async () => (await members(groupId)).length === 1)
    const { source, stop, lines } = given(groupId, () => {})
    assert.equal(await source.started, 'group-taken')
    await until('the line names it', () => lines.some(line => line.includes('(client ids: kafka-python)')))
    await consumer.disconnect()
    await until('the source reads', () => lines.some(line => line.includes('reads again')))
    await stop()
  })
})

/** Assigns no partition, under the name that most clients have by default. */
const assignRange: PartitionAssigner = () => ({
  name: 'range',
  version: 0,
  assign: async () => [],
  protocol: ({ topics }) => ({
    name: 'range',
    metadata: AssignerProtocol.MemberMetadata.encode({ version: 0, topics, userData: Buffer.alloc(0) }),
  }),
})

/** A client that reports each request before it is sent. */
function client(clientId: string, onRequest: (key: number) => void = () => {}): Kafka {
  return new Kafka({
    clientId,
    brokers: BROKERS.split(','),
    logLevel: logLevel.NOTHING,
    retry: { retries: 2 },
    socketFactory: ({ host, port, onConnect }) => {
      const socket = connect({ host, port }, onConnect)
      const write = socket.write.bind(socket) as Socket['write']
      // kafkajs writes each request in one piece: its length in four bytes, then its API key.
      socket.write = ((data: Buffer) => {
        onRequest(data.readInt16BE(4))
        return write(data)
      }) as Socket['write']
      return socket
    },
  })
}
