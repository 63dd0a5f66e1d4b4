/** All functions start at once, and the broker takes four new connections a second, as small brokers of MSK do. */
import assert from 'node:assert/strict'
import { Socket, type TcpSocketConnectOpts } from 'node:net'
import { describe, it, mock } from 'node:test'
import { IAM } from '@sluice/test-kit/secured-kafka'
import kafkajs from 'kafkajs'
import { freePort } from '#local-servers/ports'
import { KafkaClients } from '#runtime/functions/kafka'
import { KAFKA, readSettings } from '#runtime/settings'
import { readFunctions } from '../../../../control/environment/function-entries.ts'
import { CREDENTIALS, ca, kafka, TOPIC, usual } from './broker.ts'

const A_SECOND = 4
const SECOND_MS = 1_000
const FUNCTIONS = readFunctions()
/** Kafka keeps what a function could not publish, and Lambda delivers the batch again. */
const MAX_DELIVERIES = 4

/** Changes the limit of the listener for new connections. @param rate undefined removes the limit */
async function limitConnections(rate?: number): Promise<void> {
  const admin = new kafkajs.Kafka({ clientId: 'test', brokers: [kafka.plainText], logLevel: 0 }).admin()
  await admin.connect()
  const { brokers } = await admin.describeCluster()
  const name = 'listener.name.sasl.max.connection.creation.rate'
  const configEntries = rate === undefined ? [] : [{ name, value: String(rate) }]
  const resources = brokers.map(({ nodeId }) => ({
    ...{ type: kafkajs.ConfigResourceTypes.BROKER, name: String(nodeId), configEntries },
  }))
  await admin.alterConfigs({ validateOnly: false, resources })
  await admin.disconnect()
}

/**
 * Connects each function as a cold start does, and lets it publish. Returns the number of attempts to connect.
 *
 * @param isTaken decides on an attempt, given the times of those that were taken. Others are refused by the operating system.
 */
async function startAll(isTaken: (takenMs: readonly number[], nowMs: number) => boolean): Promise<number> {
  process.env = { ...usual, ...CREDENTIALS, ...ca, AWS_REGION: IAM.region }
  const variables = { KAFKA_BROKERS: kafka.sasl, KAFKA_AUTH: 'iam', AWS_REGION: IAM.region, ...ca }
  const port = Number(kafka.sasl.split(':')[1])
  const closed = await freePort()
  const takenMs: number[] = []
  let attempts = 0
  const { connect } = Socket.prototype
  const counting = mock.method(Socket.prototype, 'connect', function (this: Socket, ...given: unknown[]) {
    const [options] = given.flat() as [TcpSocketConnectOpts]
    if (Number(options.port) === port) {
      const nowMs = Date.now()
      attempts += 1
      if (isTaken(takenMs, nowMs)) takenMs.push(nowMs)
      else options.port = closed
    }
    return Reflect.apply(connect, this, given)
  })
  const functions = FUNCTIONS.map(({ name }) => new KafkaClients(readSettings([KAFKA], variables), name))
  try {
    const record = { topic: TOPIC, partition: 0, key: null, value: Buffer.from('x'), headers: [] }
    const publish = async (clients: KafkaClients, delivery = 1): Promise<unknown> =>
      (await clients.publisher()).publish([record]).catch(error => {
        if (delivery === MAX_DELIVERIES) throw error
        return publish(clients, delivery + 1)
      })
    await Promise.all(functions.map(clients => publish(clients)))
  } finally {
    counting.mock.restore()
    await Promise.all(functions.map(clients => clients.close()))
  }
  return attempts
}

export function connectsSlowly(): void {
  describe('a broker that takes four new connections a second', () => {
    it('given one that delays further ones, then all functions publish, with few repeated attempts', async () => {
      await limitConnections(A_SECOND)
      try {
        const attempts = await startAll(() => true)
        assert.ok(attempts <= 3 * FUNCTIONS.length, `${attempts} attempts`)
      } finally {
        await limitConnections()
      }
    })

    it('given one that refuses further ones, then all functions publish, with pauses between their attempts', async () => {
      const attempts = await startAll(
        (takenMs, nowMs) => takenMs.filter(ms => nowMs - ms < SECOND_MS).length < A_SECOND,
      )
      assert.ok(attempts <= 12 * FUNCTIONS.length, `${attempts} attempts`)
    })
  })
}
