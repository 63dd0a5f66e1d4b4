import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, it } from 'node:test'
import { createTopic } from '@sluice/test-kit/create-topic'
import { recordBatch } from '@sluice/test-kit/record-batches'
import { brokers } from '@sluice/test-kit/servers'
import { until } from '@sluice/test-kit/until'
import kafkajs from 'kafkajs'
import { kafkaClient } from '../../../adapters/kafka/client.ts'
import { KafkaLogReader } from '../../../adapters/kafka/log-reader.ts'
import { TopicOffsets } from '../../../adapters/kafka/topic-offsets.ts'
import { Unavailable } from '../../../pipeline/errors.ts'
import type { ReadRange } from '../../../pipeline/model/log.ts'
import { conformsAsLogReader, LARGE_VALUES } from '../../conformance/log-reader.ts'
import { ODD_BATCHES } from '../../conformance/odd-log.ts'
import { appendBatches } from '../../support/raw-producer.ts'

const foreign = new kafkajs.Kafka({ brokers: brokers(), logLevel: kafkajs.logLevel.NOTHING })
const admin = foreign.admin()
const client = () => kafkaClient({ brokers: brokers(), clientId: 'test', auth: 'none' })
const reader = new KafkaLogReader(client())
const uncommitted = new KafkaLogReader(client(), 'read-uncommitted')
/** The records have times of long ago: a check of Kafka's, every five minutes, would take them. */
const KEPT = { name: 'retention.ms', value: '-1' }
const topic = `log-${randomUUID()}`
const oddTopic = `log-odd-${randomUUID()}`
const largeTopic = `log-large-${randomUUID()}`

before(async () => {
  await admin.connect()
  await createTopic(admin, { topic, numPartitions: 2 })
  const producer = foreign.producer()
  await producer.connect()
  const messages = Array.from({ length: 10 }, (_, n) => ({
    partition: 1,
    key: `${n}`,
    value: `value ${n}`,
    headers: { name: `header ${n}` },
  }))
  await producer.send({ topic, messages })
  await producer.disconnect()
  await writeOddLog()
  await writeLargeLog()
})

after(() => Promise.all([reader.close(), uncommitted.close(), admin.disconnect()]))

conformsAsLogReader('Kafka', () => ({ reader, topic, partition: 1, oddTopic, largeTopic }))

it('given records that retention has taken, then the log says where it begins', async () => {
  const short = `log-${randomUUID()}`
  await createTopic(admin, { topic: short, numPartitions: 1 })
  await send(short, 5)
  await admin.deleteTopicRecords({ topic: short, partitions: [{ partition: 0, offset: '3' }] })
  const gone = await reader.read(short, 0, { fromOffset: 0, toOffset: 2 })
  assert.deepEqual(gone, { records: [], nextOffset: 3, logStart: 3 })
  const rest = await reader.read(short, 0, { fromOffset: 1, toOffset: 4 })
  assert.deepEqual(
    rest.records.map(({ offset }) => offset),
    [3, 4],
  )
})

it('given transactions, then markers hold nothing, and aborted records are as the mapping sees them', async () => {
  const written = `log-${randomUUID()}`
  await createTopic(admin, { topic: written, numPartitions: 1 })
  const producer = foreign.producer({
    transactionalId: `log-${randomUUID()}`,
    idempotent: true,
    maxInFlightRequests: 1,
  })
  await producer.connect()
  for (const end of ['commit', 'abort', 'commit'] as const) {
    const transaction = await producer.transaction()
    await transaction.send({ topic: written, messages: [{ value: end }] })
    await transaction[end]()
  }
  await producer.disconnect()
  // Three records, each with its marker behind it; the last marker is the end of the log.
  const range = { fromOffset: 0, toOffset: 4 }
  let seen: ReadRange = { records: [], nextOffset: 0, logStart: 0 }
  // The coordinator answers before its last marker is in the log, and until then its record is not for everybody.
  await until('the last transaction is seen to be committed', async () => {
    seen = await reader.read(written, 0, range)
    return seen.nextOffset > range.toOffset
  })
  assert.deepEqual(
    seen.records.map(({ offset }) => offset),
    [0, 4],
  )
  const all = await uncommitted.read(written, 0, range)
  assert.deepEqual(
    all.records.map(({ offset }) => offset),
    [0, 2, 4],
  )
  assert.equal((await reader.read(written, 0, { fromOffset: 1, toOffset: 3 })).nextOffset > 3, true)
})

it('rule 7: given that it has read, then no consumer group is there', async () => {
  await reader.read(topic, 1, { fromOffset: 0, toOffset: 9 })
  const { groups } = await admin.listGroups()
  assert.ok(groups.every(({ groupId }) => !groupId.includes(topic)))
})

it('given a broker that does not answer, then reading is unavailable, and the next read starts anew', async () => {
  const nobody = new KafkaLogReader(kafkaClient({ brokers: ['127.0.0.1:1'], clientId: 'test', auth: 'none' }))
  await assert.rejects(nobody.read(topic, 1, { fromOffset: 0, toOffset: 1 }), Unavailable)
  await assert.rejects(reader.read(`missing-${randomUUID()}`, 0, { fromOffset: 0, toOffset: 1 }), Unavailable)
  assert.equal((await reader.read(topic, 1, { fromOffset: 0, toOffset: 1 })).records.length > 0, true)
})

/** The batches as they are: the library writes neither all codecs nor headers that are null. */
async function writeOddLog(): Promise<void> {
  const configEntries = [{ name: 'max.message.bytes', value: String(32 * 1024 * 1024) }, KEPT]
  await createTopic(admin, { topic: oddTopic, numPartitions: 1, configEntries })
  const producer = foreign.producer({ transactionalId: oddTopic, idempotent: true, maxInFlightRequests: 1 })
  await producer.connect()
  for (const [end, key] of [
    ['commit', 'committed'],
    ['abort', 'aborted'],
  ] as const) {
    const transaction = await producer.transaction()
    await transaction.send({ topic: oddTopic, messages: [{ key, value: 'in a transaction' }] })
    await transaction[end]()
  }
  await producer.disconnect()
  const ends = new TopicOffsets(client())
  // The coordinator answers before its last marker is in the log.
  await until('both markers are in the log', async () => (await ends.ends(oddTopic))[0] === 4)
  await ends.close()
  assert.deepEqual(await appendBatches(foreign, oddTopic, 0, ODD_BATCHES), [4, 8, 12, 16, 20])
}

async function writeLargeLog(): Promise<void> {
  await createTopic(admin, { topic: largeTopic, numPartitions: 1, configEntries: [KEPT] })
  const batch = recordBatch({ records: LARGE_VALUES.map(value => ({ value })), codec: 'gzip' })
  assert.deepEqual(await appendBatches(foreign, largeTopic, 0, [batch]), [0])
}

async function send(to: string, count: number, bytes = 1): Promise<void> {
  const producer = foreign.producer()
  await producer.connect()
  await producer.send({
    topic: to,
    messages: Array.from({ length: count }, () => ({ value: Buffer.alloc(bytes, 1) })),
  })
  await producer.disconnect()
}
