import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import process from 'node:process'
import { after, before, describe, it } from 'node:test'
import { createTopic } from '@sluice/test-kit/create-topic'
import { rejection } from '@sluice/test-kit/rejection'
import { LOGINS, type SecuredKafka, startSecuredKafka } from '@sluice/test-kit/secured-kafka'
import { until } from '@sluice/test-kit/until'
import { type Admin, Kafka, logLevel } from 'kafkajs'
import { accessOptions, accessProblem } from '../../access/kafka-access.ts'
import { readSettings } from '../../config/settings.ts'
import { isUnreachable } from '../../report/explain-error.ts'
import { Project } from '../integration/project.ts'

const { scram, plain } = LOGINS

describe('a secured Kafka', () => {
  // One broker for all of them: its start takes longer than the tests.
  let kafka: SecuredKafka
  before(async () => {
    kafka = await startSecuredKafka()
  })
  after(() => kafka?.stop())

  const clientWith = (security: object, listener: keyof SecuredKafka) => {
    const settings = readSettings({ brokers: String(kafka[listener]), ...security }, {})
    // On a busy machine, a TLS handshake takes longer than the second that kafkajs allows by default.
    const patience = { connectionTimeout: 60_000, retry: { retries: 0 } }
    const options = { brokers: [...settings.brokers], logLevel: logLevel.NOTHING, ...patience }
    return new Kafka({ ...options, ...accessOptions(settings) })
  }
  const ca = () => ({ ca: kafka.certificates.caFile })

  const ways: [how: string, listener: keyof SecuredKafka, security: () => object][] = [
    ['TLS', 'tls', () => ({ ssl: ca() })],
    [
      'a client certificate',
      'mutualTls',
      () => ({ ssl: { ...ca(), cert: kafka.client.certFile, key: kafka.client.keyFile } }),
    ],
    ['PLAIN', 'sasl', () => ({ ssl: ca(), sasl: { mechanism: 'plain', ...plain } })],
    ['SCRAM-SHA-256', 'sasl', () => ({ ssl: ca(), sasl: { mechanism: 'scram-sha-256', ...scram } })],
    ['SCRAM in plain text', 'saslInPlainText', () => ({ sasl: { mechanism: 'scram-sha-512', ...scram } })],
  ]
  for (const [how, listener, security] of ways)
    it(`is reached with ${how}`, async () => {
      const admin = clientWith(security(), listener).admin()
      await admin.connect()
      await admin.listTopics()
      await admin.disconnect()
    })

  const cases: [what: string, listener: keyof SecuredKafka, security: () => object, says: RegExp][] = [
    [
      'a wrong password',
      'sasl',
      () => ({ ssl: ca(), sasl: { mechanism: 'scram-sha-512', ...scram, password: 'wrong-pw' } }),
      /does not accept the credentials of custom\.mskTrigger\.sasl: .*invalid credentials/,
    ],
    [
      'an unknown authority',
      'tls',
      () => ({ ssl: true }),
      /certificate of localhost:\d+ is from an unknown authority: custom\.mskTrigger\.ssl\.ca must name/,
    ],
    [
      'no client certificate where one is required',
      'mutualTls',
      () => ({ ssl: ca() }),
      /localhost:\d+ requires a client certificate: set custom\.mskTrigger\.ssl\.cert and key/,
    ],
    [
      'a mechanism that the listener does not offer',
      'saslInPlainText',
      () => ({ sasl: { mechanism: 'scram-sha-256', ...scram } }),
      /does not support this mechanism: set another custom\.mskTrigger\.sasl\.mechanism/,
    ],
    [
      'a user where the listener takes none',
      'tls',
      () => ({ ssl: ca(), sasl: { mechanism: 'plain', ...plain } }),
      /does not accept credentials: remove custom\.mskTrigger\.sasl/,
    ],
  ]
  for (const [what, listener, security, says] of cases)
    it(`says in one sentence what is wrong: ${what}`, async () => {
      const admin = clientWith(security(), listener).admin()
      const error = await rejection(admin.connect().then(() => admin.listTopics()))
      await admin.disconnect()
      const problem = accessProblem(error) ?? `something else: ${error}`
      assert.match(problem, says)
      assert.doesNotMatch(problem, /wrong-pw|plain-pw|scram-pw|BEGIN/)
      assert.equal(isUnreachable(error), false)
    })

  it('given SCRAM, then the whole plugin reads, and writes what is discarded, and logs no password', async () => {
    const client = new Kafka({ brokers: [kafka.plainText], logLevel: logLevel.NOTHING })
    const [producer, admin] = [client.producer(), client.admin()]
    const topic = `secured-${randomUUID().slice(0, 8)}`
    const failed = `${topic}-failed`
    const arn = 'arn:aws:kafka:eu-west-1:123456789012:cluster/shop/id'
    const retries = { maximumRetryAttempts: 0, onFailureDestination: `kafka://${failed}` }
    const msk = { arn, topic, maximumBatchingWindow: 0, batchSize: 1, ...retries }
    const sasl = { mechanism: 'scram-sha-512', ...scram }
    const project = await Project.create(
      { f: { timeout: 30, events: [{ msk }] } },
      { f: `if (values.includes('bad')) throw new Error('not this one')` },
      { mskTrigger: { brokers: kafka.sasl, ssl: ca(), sasl } },
    )
    try {
      await Promise.all([producer.connect(), admin.connect()])
      for (const name of [topic, failed]) await createTopic(admin, { topic: name, numPartitions: 1 })
      await start(project)
      await producer.send({ topic, messages: [{ value: 'good' }, { value: 'bad' }] })
      await until('the failed record to be in the topic', async () => (await readEnd(admin, failed)) === 1)
      assert.equal(project.invocations('f').length, 2)
      await project.end('SIGINT')
      for (const secret of [scram.password, 'BEGIN '])
        assert.ok(!project.output.includes(secret), project.output)
    } finally {
      await Promise.all([producer.disconnect(), admin.disconnect(), project.remove()])
    }
  })
})

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

async function readEnd(admin: Admin, topic: string): Promise<number> {
  const [partition] = await admin.fetchTopicOffsets(topic)
  return Number(partition?.high)
}
