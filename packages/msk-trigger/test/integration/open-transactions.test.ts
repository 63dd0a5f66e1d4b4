/** Open transactions on a real Kafka, as the trigger reads and logs them. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { createCluster } from '@sluice/kafka-records'
import { readOpenTransactions } from '@sluice/kafka-records/requests'
import { until } from '@sluice/test-kit/until'
import { Cluster, createClientFactory } from '../../poll/cluster-client.ts'
import { watchTransactions } from '../../poll/transaction-watch.ts'
import { BROKERS, numbered, OPEN_MS, TestKafka } from './kafka.ts'

describe('given a transaction that was left open, and records behind it', () => {
  const connect = createClientFactory(BROKERS.split(','), {})
  const cluster = new Cluster(connect('test'))
  const transactionalId = `left-open-${randomUUID()}`
  let kafka: TestKafka
  let topic: string
  const read = async () => (await cluster.openTransactions([topic, 'no-such-topic'])).map(one => ({ ...one }))

  before(async () => {
    kafka = await TestKafka.connect()
    topic = await kafka.topic('open', 2)
    await kafka.send(topic, numbered(0, 3, 1))
    await kafka.leaveOpen(transactionalId, topic, numbered(0, 1, 1))
    await kafka.send(topic, numbered(0, 20, 1))
  })
  after(async () => {
    await cluster.close()
    await kafka?.close()
  })

  it('then its partition, both ends, its producer and its start are read', async () => {
    const [one, ...others] = await read()
    const { producerId = -1, sinceMs = 0, ...facts } = one ?? {}
    const place = { topic, partition: 1, end: 3, highWatermark: 24, firstOffset: 3 }
    assert.deepEqual([facts, others], [{ ...place, transactionalId, timeoutMs: OPEN_MS }, []])
    assert.ok(producerId >= 0 && Math.abs(Date.now() - sinceMs) < OPEN_MS, `${producerId} ${sinceMs}`)
  })

  it('given a client that may not ask for producers, then both ends are read', async () => {
    const asked = createCluster(connect('test') as never, { allowAutoTopicCreation: false })
    await asked.connect()
    try {
      const find = asked.findBroker.bind(asked)
      asked.findBroker = async node => {
        const broker = await find(node)
        return Object.create(broker, { versions: { value: { ...broker.versions, 61: undefined } } })
      }
      assert.deepEqual(await readOpenTransactions(asked, [topic]), [
        { topic, partition: 1, end: 3, highWatermark: 24 },
      ])
    } finally {
      await asked.disconnect()
    }
  })

  it('when a minute is over, then one line names it, once', async () => {
    const lines: string[] = []
    const ending = new AbortController()
    const found = await read()
    const [{ sinceMs: _, firstOffset: __, ...unknown }] = found as [(typeof found)[number]]
    const nowMs = Date.now()
    const looks = [
      // After 61 s, its leader is away for a moment.
      ...[0, 30, 61, 75, 90].map(seconds => [seconds === 75 ? [] : found, seconds] as const),
      // Without a start, its age is that since the first look.
      ...[100, 159, 161].map(seconds => [[{ ...unknown, end: 2 }], seconds] as const),
    ]
    let at = 0
    const next = async () => looks[at]?.[0] ?? []
    const now = () => {
      if (at === looks.length) ending.abort()
      return nowMs + (looks[at++]?.[1] ?? 0) * 1_000
    }
    await watchTransactions(next, { warning: line => void lines.push(line) }, ending.signal, {
      everyMs: 0,
      now,
    })
    assert.equal(lines.length, 2, lines.join('\n'))
    assert.match(
      lines[0] ?? '',
      new RegExp(`^msk  ${topic}/1 can be read to offset 3 only, .*"${transactionalId}"`),
    )
  })

  it('given that its first records were deleted, then it is found', async () => {
    await kafka.admin.deleteTopicRecords({ topic, partitions: [{ partition: 1, offset: '4' }] })
    const [one] = await read()
    assert.deepEqual([one?.end, one?.firstOffset, one?.transactionalId], [4, 3, transactionalId])
  })

  it('when a producer begins with its transactional id, then nothing is open', async () => {
    await kafka.leaveOpen(transactionalId, topic, [])
    await until('the transaction has ended', async () => (await read()).length === 0)
  })
})
