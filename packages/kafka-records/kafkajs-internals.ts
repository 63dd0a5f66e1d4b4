/**
 * Every part of kafkajs that this project reaches without the library's promise to keep it. Its public interface cannot read without a
 * consumer group, decode records with other code, or take a member out of a group. So the version is pinned exactly, and
 * `kafkajs-internals.test.ts` checks the parts of an installed one.
 */

// @ts-expect-error: the library has no types of its inner modules
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js'
// @ts-expect-error: as above
import { createErrorFromCode } from 'kafkajs/src/protocol/error.js'
import type { OpenBatches } from './open-batches.ts'

/** The version that has the parts below. */
export const KAFKAJS_VERSION = '2.2.4'

/** A client keeps the function that makes its clusters, with addresses and credentials, under a symbol of this description. */
const CLUSTER_MAKER = 'private:Kafka:createCluster'

/** A connection to a cluster, as consumers, producers and admin clients each have one. */
export interface Cluster {
  connect(): Promise<void>
  disconnect(): Promise<void>
  /** The topics that `refreshMetadata` asks for. */
  targetTopics: Set<string>
  /** Rejects if a partition of one of the topics has no leader. */
  refreshMetadata(): Promise<void>
  addTargetTopic(topic: string): Promise<void>
  /** The brokers that `findBroker` knows. */
  getNodeIds(): string[]
  findBroker(node: { readonly nodeId: string }): Promise<Broker>
  findControllerBroker(): Promise<Broker>
  /** @param request `coordinatorType` is that of groups by default */
  findGroupCoordinator(request: {
    readonly groupId: string
    readonly coordinatorType?: number
  }): Promise<Broker>
  /** Returns partitions by the id of their leader. */
  findLeaderForPartitions(topic: string, partitions: readonly number[]): Record<string, number[]>
  findTopicPartitionMetadata(
    topic: string,
  ): readonly { readonly partitionId: number; readonly leader: number }[]
  fetchTopicsOffset(
    topics: readonly {
      readonly topic: string
      readonly fromBeginning: boolean
      readonly partitions: readonly { readonly partition: number }[]
    }[],
  ): Promise<{ topic: string; partitions: { partition: number; offset: string }[] }[]>
  readonly brokerPool: { findConnectedBroker(): Promise<Broker> }
}

/** A connection to one broker, with the requests of kafkajs that are used. */
export interface Broker {
  /** Versions by the key of a request. Known once it is connected. */
  readonly versions: Readonly<Record<number, VersionRange>> | null
  /** How the newest version of a request is made that client and broker both know. */
  readonly lookupRequest: (apiKey: number, definition: object) => (request: FetchRequest) => Protocol
  readonly connectionPool: {
    send(request: object): Promise<unknown>
    getConnectionByRequest(request: { readonly request: { readonly apiKey: number } }): Promise<Connection>
  }
  disconnect(): Promise<void>
  fetch(request: FetchRequest): Promise<FetchResponse>
  listGroups(): Promise<{
    readonly groups: readonly { readonly groupId: string; readonly protocolType: string }[]
  }>
  describeGroups(request: { readonly groupIds: readonly string[] }): Promise<{
    readonly groups: readonly DescribedGroup[]
  }>
  leaveGroup(request: { readonly groupId: string; readonly memberId: string }): Promise<unknown>
  /** @param request without topics: all that the group has read */
  offsetFetch(request: { readonly groupId: string; readonly topics: readonly [] }): Promise<{
    readonly responses: readonly {
      readonly topic: string
      readonly partitions: readonly { readonly partition: number; readonly offset: string }[]
    }[]
  }>
  /** @param request `transactionTimeout` in milliseconds; the broker aborts a transaction that takes longer */
  initProducerId(request: {
    readonly transactionalId?: string | undefined
    readonly transactionTimeout?: number | undefined
  }): Promise<ProducerIdentity>
  addPartitionsToTxn(
    request: TransactionIdentity & {
      readonly topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[]
    },
  ): Promise<unknown>
  endTxn(request: TransactionIdentity & { readonly transactionResult: boolean }): Promise<unknown>
}

interface Connection {
  readonly socket?: { setNoDelay(on: boolean): void; destroy(): void }
  rejectRequests(error: Error): void
  disconnect(): Promise<unknown>
}

/** Versions of a request that a broker speaks. */
interface VersionRange {
  readonly minVersion: number
  readonly maxVersion: number
}

/** A consumer group, as its coordinator describes it. */
export interface DescribedGroup {
  readonly groupId: string
  readonly state: string
  readonly members: readonly {
    readonly memberId: string
    readonly clientId: string
    readonly clientHost: string
    readonly memberAssignment: Buffer
  }[]
}

interface ProducerIdentity {
  /** A 64-bit integer, in decimal. */
  readonly producerId: string
  readonly producerEpoch: number
}

interface TransactionIdentity extends ProducerIdentity {
  readonly transactionalId: string
}

export interface FetchRequest {
  /** Our own, for `readRecordsOf`: the answer waits until all is decoded, even if a group waits. */
  readonly isPatient?: boolean
  /** Our own, for a patient request: maximum memory for the records of a partition, once they are inflated. */
  readonly mostBytes?: number
  /** Our own, for a patient request: the batches that earlier requests have left in the middle. */
  readonly open?: OpenBatches
  /** Our own, for a patient request: records that do not hold these bytes may be left out. */
  readonly holding?: Buffer | undefined
  readonly isolationLevel?: number
  readonly maxWaitTime?: number
  readonly minBytes?: number
  readonly maxBytes?: number
  readonly topics: readonly {
    readonly topic: string
    readonly partitions: readonly {
      readonly partition: number
      readonly fetchOffset: string
      readonly maxBytes?: number
    }[]
  }[]
}

interface FetchResponse {
  readonly responses: readonly {
    readonly partitions: readonly { readonly messages: readonly FetchedMessage[] }[]
  }[]
}

/** A message as kafkajs has it. */
export interface FetchedMessage {
  readonly offset: string
  readonly timestamp: string
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers?: object | undefined
  /** True for markers of transactions. */
  readonly isControlRecord?: boolean
}

/** One version of one request: how it is written, and how its answer is read. */
export interface Protocol {
  readonly request: { readonly apiVersion: number }
  readonly response: {
    decode(payload: Buffer): Promise<unknown>
    parse(decoded: unknown): Promise<unknown>
  }
}

export interface ClusterOptions {
  readonly allowAutoTopicCreation?: boolean
  /** Number of the protocol: 0 also reads records that are not committed, 1 does not. */
  readonly isolationLevel?: number
}

type ClusterMaker = (options: ClusterOptions) => Cluster

/** Makes a connection to the cluster of a `Kafka`. @throws where kafkajs is another version, without a part that is needed */
export function createCluster(kafka: object, options: ClusterOptions): Cluster {
  return makerOf(kafka).make(options)
}

/** Calls `hook` with every cluster that the client makes from now on. */
export function hookClusters(kafka: object, hook: (cluster: Cluster) => void): void {
  const { symbol, make } = makerOf(kafka)
  const client = kafka as Record<symbol, ClusterMaker>
  client[symbol] = options => {
    const cluster = make(options)
    hook(cluster)
    return cluster
  }
}

/** A request that the library does not make as it is needed here. */
interface OwnRequest<Answer> {
  readonly apiKey: number
  readonly apiVersion: number
  readonly apiName: string
  /** Called when its turn on the connection has come. */
  encode(): Buffer
  /** The library holds back later requests while the broker asks for that, in `throttleMs`. */
  decode(payload: Buffer): { readonly answer: Answer; readonly throttleMs?: number }
  /** The client's by default. */
  readonly timeoutMs?: number
}

export async function sendRequest<Answer>(
  { connectionPool }: Pick<Broker, 'connectionPool'>,
  { encode, decode, timeoutMs, ...request }: OwnRequest<Answer>,
): Promise<Answer> {
  const answer = await connectionPool.send({
    request: {
      ...request,
      encode: async () => {
        const buffer = encode()
        // The library takes its own encoder, of which it reads these.
        return { buf: buffer, buffer }
      },
    },
    ...(timeoutMs !== undefined && { requestTimeout: timeoutMs }),
    response: {
      decode: async (payload: Buffer) => {
        const { answer, throttleMs } = decode(payload)
        return { answer, clientSideThrottleTime: throttleMs }
      },
      parse: (decoded: { readonly answer: Answer }) => decoded.answer,
    },
  })
  return answer as Answer
}

/** @throws where the object has no method of this name */
export function requireMethod(owner: object, name: string): void {
  if (typeof (owner as Record<string, unknown>)[name] === 'function') return
  throw new Error(
    `this version of kafkajs has no ${name}, which is needed here: go back to ${KAFKAJS_VERSION}, or adapt kafkajs-internals.ts`,
  )
}

function makerOf(kafka: object): { readonly symbol: symbol; readonly make: ClusterMaker } {
  const symbol =
    Object.getOwnPropertySymbols(kafka).find(({ description }) => description === CLUSTER_MAKER) ??
    Symbol(CLUSTER_MAKER)
  const client = kafka as Record<symbol, ClusterMaker>
  requireMethod({ [CLUSTER_MAKER]: client[symbol] }, CLUSTER_MAKER)
  return { symbol, make: client[symbol] as ClusterMaker }
}

/** Requests that wait to be sent over one connection. */
interface PendingRequests {
  readonly pending: readonly unknown[]
  scheduleCheckPendingRequests(): void
}

const rested = new WeakSet<PendingRequests>()

/**
 * Lets connections rest while nothing waits to be sent. By itself, each looks a thousand times a second until it is closed: half a percent of
 * a processor, and Node warns of the negative time of the timer. Requests that have to wait ask for the look themselves.
 */
export function restIdleConnections(queues: { readonly prototype: object } = RequestQueue): void {
  const prototype = queues.prototype as PendingRequests
  if (rested.has(prototype)) return
  requireMethod(prototype, 'scheduleCheckPendingRequests')
  rested.add(prototype)
  const schedule = prototype.scheduleCheckPendingRequests
  prototype.scheduleCheckPendingRequests = function (this: PendingRequests) {
    if (this.pending.length > 0) schedule.call(this)
  }
}

/** Returns the error of the library for a code of the protocol, with its name there as `type`. */
export function protocolError(code: number): Error & { readonly type: string; readonly retriable: boolean } {
  const error = createErrorFromCode(code)
  return error.code === code ? error : Object.assign(error, { type: `error ${code}` })
}
