/**
 * The connections of kafkajs, for a producer that has its own batches, sequences and retries. Addresses, TLS and signing in stay
 * the library's; it has no public way to hand over a finished batch: see `kafkajs-internals.ts`.
 */
import { type Cluster, type ClusterOptions, createCluster, requireMethod } from '../kafkajs-internals.ts'
import {
  decodeProduceResponse,
  encodeProduce,
  PRODUCE,
  type ProduceAnswer,
  type ProduceRequest,
} from './produce.ts'

/** What is called on a cluster, beside the methods in `kafkajs-internals.ts`. */
export const PRODUCING_CLUSTER_METHODS = [
  'findTopicPartitionMetadata',
  'findControllerBroker',
  'findGroupCoordinator',
] as const
/** What is called on a broker. */
export const PRODUCING_BROKER_METHODS = [
  'initProducerId',
  'addPartitionsToTxn',
  'endTxn',
  'disconnect',
] as const

export interface ProducerIdentity {
  /** A 64-bit integer, in decimal. */
  readonly producerId: string
  readonly producerEpoch: number
}

interface TransactionIdentity extends ProducerIdentity {
  readonly transactionalId: string
}

export interface ProducingBroker {
  initProducerId(request: {
    readonly transactionalId?: string
    /** In milliseconds; the broker aborts a transaction that takes longer. */
    readonly transactionTimeout?: number
  }): Promise<ProducerIdentity>
  addPartitionsToTxn(
    request: TransactionIdentity & {
      readonly topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[]
    },
  ): Promise<unknown>
  endTxn(request: TransactionIdentity & { readonly transactionResult: boolean }): Promise<unknown>
  disconnect(): Promise<void>
  readonly connectionPool: ConnectionPool
}

interface ConnectionPool {
  send(request: object): Promise<unknown>
  getConnectionByRequest(request: { readonly request: { readonly apiKey: number } }): Promise<Connection>
}

interface Connection {
  readonly socket?: { setNoDelay(on: boolean): void; destroy(): void }
  rejectRequests(error: Error): void
  disconnect(): Promise<unknown>
}

export interface ProducingCluster {
  connect(): Promise<void>
  disconnect(): Promise<void>
  /** What `refreshMetadata` asks for. */
  targetTopics: Set<string>
  refreshMetadata(): Promise<void>
  findTopicPartitionMetadata(
    topic: string,
  ): readonly { readonly partitionId: number; readonly leader: number }[]
  findBroker(node: { readonly nodeId: string }): Promise<ProducingBroker>
  findControllerBroker(): Promise<ProducingBroker>
  findGroupCoordinator(request: {
    readonly groupId: string
    readonly coordinatorType: number
  }): Promise<ProducingBroker>
}

/** The coordinator of transactions, as `findGroupCoordinator` takes it. */
export const OF_TRANSACTIONS = 1

/**
 * @param kafka an instance of `Kafka`
 * @throws where kafkajs is another version, without a part that is needed
 */
export function producingCluster(kafka: object, options: ClusterOptions): ProducingCluster {
  const cluster: Cluster = createCluster(kafka, options)
  for (const name of PRODUCING_CLUSTER_METHODS) requireMethod(cluster, name)
  return cluster as unknown as ProducingCluster
}

/** The answer did not come in time: whether the batches were written is not known. */
export class AnswerOverdue extends Error {
  override readonly name = 'AnswerOverdue'
}

/**
 * Sends finished batches to their leader.
 *
 * @param withinMs how long the answer may take. Afterwards the connection is closed, so that nothing of it can arrive later than
 * what is sent next, and everything else that waits on it fails too.
 * @param onSent is called once its turn on the connection has come: a request that is sent after that arrives after it
 * @throws AnswerOverdue, or an error of the connection
 */
export async function sendBatches(
  broker: ProducingBroker,
  request: ProduceRequest,
  withinMs: number,
  onSent = () => {},
): Promise<readonly ProduceAnswer[]> {
  const connection = await broker.connectionPool.getConnectionByRequest({ request: PRODUCE })
  // Small requests in flight together would wait for each other's acknowledgement by the network.
  connection.socket?.setNoDelay(true)
  const overdue = setTimeout(() => {
    const error = new AnswerOverdue(`no answer within ${Math.round(withinMs)} ms`)
    connection.rejectRequests(error)
    connection.socket?.destroy()
    void connection.disconnect()
  }, withinMs)
  try {
    return (await broker.connectionPool.send({
      request: {
        ...PRODUCE,
        encode: async () => {
          onSent()
          return encoded(request)
        },
      },
      requestTimeout: withinMs + 60_000,
      response: {
        decode: async (payload: Buffer) => {
          const { answers, throttleMs } = decodeProduceResponse(payload)
          // The library reads this one, and holds back what is sent next.
          return { answers, clientSideThrottleTime: throttleMs }
        },
        parse: (decoded: { answers: readonly ProduceAnswer[] }) => decoded.answers,
      },
    })) as readonly ProduceAnswer[]
  } finally {
    clearTimeout(overdue)
  }
}

/** The library takes its own encoder, of which it reads these. */
function encoded(request: ProduceRequest) {
  const buffer = encodeProduce(request)
  return { buf: buffer, buffer }
}
