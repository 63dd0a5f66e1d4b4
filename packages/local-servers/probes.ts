import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { mendConnections } from '@sluice/kafka-records'
import { explainedSocket, toKafkajsBrokers } from '@sluice/kafka-records/connecting'
import { type ISocketFactory, Kafka, logLevel } from 'kafkajs'

const ANSWER_WITHIN_MS = 2_000
const NO_ADVICE = { unknownAuthority: '', tlsExpected: '', plainTextExpected: '', certificateWanted: '' }

/** Returns true if Kafka responds at any of these addresses (`host:port`, separated by commas). */
export async function kafkaAnswers(brokers: string): Promise<boolean> {
  return (await registeredBrokers(brokers.split(',').map(broker => broker.trim()))).length > 0
}

/**
 * Returns true if the broker at an address (`host:port`) responds and is registered in its cluster. Only then can it have
 * partitions.
 */
export async function brokerTakesPart(address: string): Promise<boolean> {
  return (await registeredBrokers([address])).includes(address)
}

/** Returns the addresses of the registered brokers; empty if no broker responds. Never throws. */
async function registeredBrokers(brokers: readonly string[]): Promise<string[]> {
  mendConnections()
  const client = { clientId: 'local-servers', brokers: toKafkajsBrokers(brokers), connectionTimeout: 3_000 }
  const socketFactory: ISocketFactory = place => explainedSocket(place, undefined, NO_ADVICE, brokers)
  const options = { logLevel: logLevel.NOTHING, retry: { retries: 0 }, socketFactory }
  const admin = new Kafka({ ...client, ...options }).admin()
  try {
    await admin.connect()
    const { brokers: registered } = await admin.describeCluster()
    return registered.map(({ host, port }) => `${host}:${port}`)
  } catch {
    return []
  } finally {
    await admin.disconnect().catch(() => undefined)
  }
}

/**
 * Returns true if a Redis or Valkey server is ready for commands. A server that requires a password, or refuses PING to
 * the user without one, counts as ready; a server that is loading its data does not.
 */
export function redisAnswers(url: string): Promise<boolean> {
  const { protocol, hostname, port } = new URL(url)
  const address = { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port || 6379) }
  return new Promise(resolve => {
    const socket: Socket = protocol === 'rediss:' ? connectTls(address) : connect(address)
    const settle = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(ANSWER_WITHIN_MS, () => settle(false))
    socket.once('error', () => settle(false))
    socket.once('close', () => settle(false))
    socket.once('data', reply => settle(/^(\+PONG|-NOAUTH|-NOPERM)/.test(reply.toString('latin1'))))
    socket.write('PING\r\n')
  })
}
