import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import kafkajs from 'kafkajs'
import type { Supervisor } from '#local-servers/supervisor.ts'
import { createTopic } from '#local-servers/testing/create-topic.ts'
import { type OwnKafka, startKafka } from '#local-servers/testing/start-apart.ts'
import { until } from '#local-servers/testing/until.ts'
import { KafkaLogReader, kafkaClient, TopicOffsets } from '#runtime/operating/kafka'
import { followTopic } from '../../lib/queries/records/follow-topic.ts'

const TOPIC = 'followed'

describe('given a follower of a topic', () => {
  const seen: string[] = []
  let kafka: OwnKafka
  let server: Supervisor
  const stop = new AbortController()
  let following: Promise<void>
  let close: () => Promise<unknown>
  let brokers: string[]

  before(async () => {
    kafka = await startKafka()
    brokers = [...kafka.addresses]
    server = kafka.brokers[0] as Supervisor
    await prepareTopic(brokers)
    await send(brokers, ['before'])
    const client = kafkaClient({ brokers, clientId: 'test', auth: 'none' })
    const [offsets, log] = [new TopicOffsets(client, { leaderMs: 0, topicMs: 0 }), new KafkaLogReader(client)]
    close = () => Promise.all([offsets.close(), log.close()])
    const ends = await offsets.ends(TOPIC)
    following = (async () => {
      const forever = Number.POSITIVE_INFINITY
      for await (const { value } of followTopic(log, offsets, TOPIC, ends, stop.signal, forever))
        seen.push(String(value))
    })()
  })

  after(async () => {
    stop.abort()
    await close?.()
    await kafka?.stop()
  })

  it('when records arrive, then it receives them, and none from before', async () => {
    await send(brokers, ['a', 'b', 'c'])
    await until('all have arrived', () => seen.length >= 3, { describe: () => seen })
    assert.deepEqual(seen.toSorted(), ['a', 'b', 'c'])
  })

  it('when the broker is killed and restarted, then it continues, and receives nothing twice', async () => {
    await server.kill('SIGKILL')
    await server.restart()
    await send(brokers, ['d', 'e'])
    await until('those have arrived', () => seen.includes('d') && seen.includes('e'), {
      describe: () => seen,
    })
    await send(brokers, ['f'])
    await until('it continues', () => seen.includes('f'), { describe: () => seen })
    assert.deepEqual(seen.toSorted(), ['a', 'b', 'c', 'd', 'e', 'f'])
  })

  it('when the broker is gone, then stopping still works', async () => {
    await server.kill('SIGKILL')
    stop.abort()
    await close()
    await following.catch(() => {})
  })
})

async function prepareTopic(brokers: string[]): Promise<void> {
  const admin = client(brokers).admin()
  await admin.connect()
  await createTopic(admin, { topic: TOPIC, numPartitions: 3 })
  await admin.disconnect()
}

/** Sends values, each with its own key, and so to all partitions. */
async function send(brokers: string[], values: string[]): Promise<void> {
  const producer = client(brokers).producer()
  await producer.connect()
  await producer.send({ topic: TOPIC, messages: values.map(value => ({ key: value, value })) })
  await producer.disconnect()
}

function client(brokers: string[]) {
  return new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.NOTHING })
}
