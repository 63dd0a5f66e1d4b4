/** The broker of these tests, and what is needed to reach it. */
import { randomUUID } from 'node:crypto'
import process from 'node:process'
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { Kafka, logLevel } from 'kafkajs'
import { createTopic } from '../../../../../test/support/create-topic.ts'
import { LOGINS, type SecuredKafka, startSecuredKafka } from '../../../../../test/support/secured-kafka.ts'
import { KafkaAccess } from '../../../access/kafka-access.ts'
import { readSettings } from '../../../config/settings.ts'

export const TOPIC = 'secured'
/** Takes what the clients of `reached.ts` write. */
export const FAILED = 'secured-failed'
export const { scram, plain } = LOGINS

/** The ARNs of the secrets in LocalStack. */
export const secrets = { scram: '', wrong: '', certificate: '', ca: '' }

/** Present while tests run. */
export let kafka: SecuredKafka

/** How a client trusts the broker's certificate. */
export const ca = () => ({ ca: kafka.certificates.caFile })

export async function startBroker(): Promise<void> {
  kafka = await startSecuredKafka()
  await Promise.all([createTopics(), createSecrets()])
}

export async function stopBroker(): Promise<void> {
  await kafka?.stop()
}

/** A client as the trigger makes it, with what it waits for before it connects. */
export function clientWith(security: object, listener: keyof SecuredKafka, retries = 0) {
  return clientOf(readSettings({ brokers: String(kafka[listener]), ...security }, {}), retries)
}

/** The same, for a cluster. */
function clientOf(cluster: ConstructorParameters<typeof KafkaAccess>[0], retries = 0) {
  const access = new KafkaAccess(cluster, process.env)
  const { brokers } = cluster
  const client = new Kafka({
    clientId: 'secured-test',
    brokers: [...brokers],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 5_000,
    ...access.options,
    retry: { retries },
  })
  return { client, ready: () => access.ready() }
}

async function createTopics(): Promise<void> {
  const admin = new Kafka({ brokers: [kafka.plainText], logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  for (const topic of [TOPIC, FAILED]) await createTopic(admin, { topic, numPartitions: 1 })
  await admin.disconnect()
}

async function createSecrets(): Promise<void> {
  const { client: own, certificates } = kafka
  const contents = {
    scram,
    wrong: { ...scram, password: 'wrong-pw' },
    certificate: { certificate: own.cert, privateKey: own.key },
    ca: { certificate: certificates.ca },
  }
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  const manager = new SecretsManagerClient({ region: 'eu-west-1', credentials })
  for (const [kind, content] of Object.entries(contents)) {
    const Name = `trigger/${kind}/${randomUUID()}`
    const SecretString = JSON.stringify(content)
    const { ARN = '' } = await manager.send(new CreateSecretCommand({ Name, SecretString }))
    secrets[kind as keyof typeof secrets] = ARN
  }
  manager.destroy()
}
