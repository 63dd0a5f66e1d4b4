import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import process from 'node:process'
import { type Admin, Kafka, logLevel } from 'kafkajs'
import { createTopic } from '../../../../../test/support/create-topic.ts'
import { until } from '../../../../../test/support/until.ts'
import { Project } from '../project.ts'
import { kafka, plain, scram } from './broker.ts'
import type { Way } from './ways.ts'

/** The whole plugin reads, and sends a record that its function does not take to a topic. No password is logged. */
export async function assertDelivers({ listener, security }: Way): Promise<void> {
  const client = new Kafka({ brokers: [kafka.plainText], logLevel: logLevel.NOTHING })
  const [producer, admin] = [client.producer(), client.admin()]
  const topic = `secured-${randomUUID().slice(0, 8)}`
  const failed = `${topic}-failed`
  const arn = 'arn:aws:kafka:eu-west-1:123456789012:cluster/shop/id'
  const retries = { maximumRetryAttempts: 0, onFailureDestination: `kafka://${failed}` }
  const msk = { arn, topic, maximumBatchingWindow: 0, batchSize: 1, ...retries }
  const project = await Project.create(
    { f: { timeout: 30, events: [{ msk }] } },
    { f: `if (values.includes('bad')) throw new Error('not this one')` },
    { mskTrigger: { brokers: kafka[listener], ...(await security()) } },
  )
  try {
    await Promise.all([producer.connect(), admin.connect()])
    for (const name of [topic, failed]) await createTopic(admin, { topic: name, numPartitions: 1 })
    await start(project)
    await producer.send({ topic, messages: [{ value: 'good' }, { value: 'bad' }] })
    await until('the failed record to be in the topic', async () => (await endOf(admin, failed)) === 1)
    assert.equal(project.invocations('f').length, 2)
    await project.end('SIGINT')
    for (const secret of [scram.password, plain.password, 'client-pw', 'BEGIN '])
      assert.ok(!project.output.includes(secret), project.output)
  } finally {
    await Promise.all([producer.disconnect(), admin.disconnect(), project.remove()])
  }
}

/** `KAFKA_BROKERS` would have precedence over the brokers of the project. */
async function start(project: Project): Promise<void> {
  const { KAFKA_BROKERS } = process.env
  delete process.env.KAFKA_BROKERS
  try {
    await project.startWithoutWaiting()
  } finally {
    if (KAFKA_BROKERS !== undefined) process.env.KAFKA_BROKERS = KAFKA_BROKERS
  }
  await project.untilSays(/msk {2}ready: 1 of 1 event sources have joined their groups/)
}

async function endOf(admin: Admin, topic: string): Promise<number> {
  const [partition] = await admin.fetchTopicOffsets(topic)
  return Number(partition?.high)
}
