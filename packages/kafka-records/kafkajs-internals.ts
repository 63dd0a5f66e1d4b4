/**
 * Access to internal parts of kafkajs, which may change in any version. With its public interface, one cannot read without a
 * consumer group, decode records with other code, or remove a member from a group. Therefore the version is pinned exactly, and
 * `kafkajs-internals.test.ts` checks the required parts of the installed version.
 */

// @ts-expect-error: the library has no types of its inner modules
import BrokerOfLibrary from 'kafkajs/src/broker/index.js'
// @ts-expect-error: as above
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js'
// @ts-expect-error: as above
import { createErrorFromCode } from 'kafkajs/src/protocol/error.js'
import type { OpenBatches } from './open-batches.ts'

/** Version of kafkajs that contains the parts below. */
export const KAFKAJS_VERSION = '2.2.4'

/** Description of the symbol of the function with which a client creates its clusters, including addresses and credentials. */
const CLUSTER_MAKER = 'private:Kafka:createCluster'

/** A connection to a cluster. Each consumer, producer and admin client has one. */
export interface Cluster {
  connect(): Promise<void>
  disconnect(): Promise<void>
  /** Topics whose metadata `refreshMetadata` requests. */
  targetTopics: Set<string>
  /** Rejects if a partition of one of the topics has no leader. */
  refreshMetadata(): Promise<void>
  addTargetTopic(topic: string): Promise<void>
  /** Returns the ids of the brokers that `findBroker` can find. */
  getNodeIds(): string[]
  findBroker(node: { readonly nodeId: string }): Promise<Broker>
  findControllerBroker(): Promise<Broker>
  findGroupCoordinator(request: { readonly groupId: string }): Promise<Broker>
  /** Returns the partitions, grouped by the id of their leader. */
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

/** A connection to one broker, with the requests of kafkajs that are used here. */
export interface Broker {
  /** Supported versions of each request, by its API key; null until the broker is connected. */
  readonly versions: Readonly<Record<number, VersionRange>> | null
  /** Returns a function that encodes a request in the newest version that both the client and the broker support. */
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
  /** @param request an empty list of topics requests the offsets of all topics that the group has read */
  offsetFetch(request: { readonly groupId: string; readonly topics: readonly [] }): Promise<{
    readonly responses: readonly {
      readonly topic: string
      readonly partitions: readonly { readonly partition: number; readonly offset: string }[]
    }[]
  }>
  initProducerId(request: object): Promise<ProducerIdentity>
}

interface Connection {
  readonly socket?: { setNoDelay(on: boolean): void; destroy(): void }
  rejectRequests(error: Error): void
  disconnect(): Promise<unknown>
}

/** Versions of a request that a broker supports. */
interface VersionRange {
  readonly minVersion: number
  readonly maxVersion: number
}

/** A consumer group as described by its coordinator. */
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
  /** A 64-bit integer in decimal digits. */
  readonly producerId: string
  readonly producerEpoch: number
}

export interface FetchRequest {
  /**
   * Added by this project for `installRecordDecoder`. If true, the response is returned only when everything is decoded, even if a
   * consumer group is waiting for it.
   */
  readonly isPatient?: boolean
  /** Added by this project for patient requests: maximum memory for the decompressed records of a partition, in bytes. */
  readonly mostBytes?: number
  /** Added by this project for patient requests: partially read batches of earlier requests. */
  readonly open?: OpenBatches
  /** Added by this project for patient requests: bytes to search for. Records that do not contain them may be omitted. */
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

/** A message in the format of kafkajs. */
export interface FetchedMessage {
  readonly offset: string
  readonly timestamp: string
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers?: object | undefined
  /** True for transaction markers. */
  readonly isControlRecord?: boolean
}

/** Encoder and decoder for one version of a request. */
export interface Protocol {
  readonly request: { readonly apiVersion: number }
  readonly response: {
    decode(payload: Buffer): Promise<unknown>
    parse(decoded: unknown): Promise<unknown>
  }
}

export interface ClusterOptions {
  readonly allowAutoTopicCreation?: boolean
  /** Isolation level: 0 includes uncommitted records, 1 excludes them. */
  readonly isolationLevel?: number
}

type ClusterMaker = (options: ClusterOptions) => Cluster

/**
 * Creates a connection to the cluster of a `Kafka` instance.
 *
 * @throws Error if a required part is missing in the installed version of kafkajs
 */
export function createCluster(kafka: object, options: ClusterOptions): Cluster {
  return requireClusterMaker(kafka).make(options)
}

/** Calls `hook` with every cluster that the client creates from now on. */
export function hookClusters(kafka: object, hook: (cluster: Cluster) => void): void {
  const { symbol, make } = requireClusterMaker(kafka)
  const client = kafka as Record<symbol, ClusterMaker>
  client[symbol] = options => {
    const cluster = make(options)
    hook(cluster)
    return cluster
  }
}

/** A request that kafkajs does not support in the required form. */
interface OwnRequest<Answer> {
  readonly apiKey: number
  readonly apiVersion: number
  readonly apiName: string
  /** Returns the encoded request. Called immediately before the request is sent on the connection. */
  encode(): Buffer
  /** Decodes the response. If the broker throttles the client with `throttleMs`, kafkajs delays later requests. */
  decode(payload: Buffer): { readonly answer: Answer; readonly throttleMs?: number }
  /** Time limit for the response, in milliseconds; by default, the time limit of the client. */
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
        // kafkajs reads these members, because it expects its own encoder here.
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

/** @throws Error if the object has no method of this name */
export function requireMethod(owner: object, name: string): void {
  if (typeof (owner as Record<string, unknown>)[name] === 'function') return
  throw new Error(
    `this version of kafkajs has no ${name}, which is required: install version ${KAFKAJS_VERSION}, or adapt kafkajs-internals.ts`,
  )
}

function requireClusterMaker(kafka: object): { readonly symbol: symbol; readonly make: ClusterMaker } {
  const symbol =
    Object.getOwnPropertySymbols(kafka).find(({ description }) => description === CLUSTER_MAKER) ??
    Symbol(CLUSTER_MAKER)
  const client = kafka as Record<symbol, ClusterMaker>
  requireMethod({ [CLUSTER_MAKER]: client[symbol] }, CLUSTER_MAKER)
  return { symbol, make: client[symbol] as ClusterMaker }
}

/** Mends what kafkajs does with connections. Clients call it when they are created; it has an effect once. */
export function mendConnections(): void {
  restIdleConnections()
  finishConnections()
}

/** Connection to a broker, and the function that knows which requests the broker takes. */
interface ConnectedBroker {
  readonly lookupRequest: unknown
  isConnected(): boolean
}

let areFinished = false

/**
 * Lets a connection count as open only after the broker has named the requests that it takes. If it accepts a connection and does not
 * answer, as a broker that hangs, kafkajs takes the connection for open, and each later request of the client fails with "Broker not
 * connected" although the broker answers again.
 */
function finishConnections(): void {
  if (areFinished) return
  areFinished = true
  const prototype = BrokerOfLibrary.prototype as ConnectedBroker
  requireMethod(prototype, 'isConnected')
  const connectionPool = { connectionTimeout: 0, host: '', port: 0 }
  const logger = { namespace: () => undefined }
  const { lookupRequest: unknown } = new BrokerOfLibrary({ connectionPool, logger }) as ConnectedBroker
  requireMethod({ lookupRequest: unknown }, 'lookupRequest')
  const { isConnected } = prototype
  prototype.isConnected = function (this: ConnectedBroker) {
    return this.lookupRequest !== unknown && isConnected.call(this)
  }
}

/** Requests that wait to be sent over one connection. */
interface PendingRequests {
  readonly pending: readonly unknown[]
  scheduleCheckPendingRequests(): void
}

const rested = new WeakSet<PendingRequests>()

/**
 * Stops the timers of idle connections. By default, each connection checks for waiting requests a thousand times per second until
 * it is closed. This uses half a percent of a processor, and Node.js warns about a negative timeout. A request that has to wait
 * schedules the check itself.
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

/** Returns the error of kafkajs for an error code of the protocol. Its `type` is the name of the error in the protocol. */
export function protocolError(code: number): Error & { readonly type: string; readonly retriable: boolean } {
  const error = createErrorFromCode(code)
  return error.code === code ? error : Object.assign(error, { type: `error ${code}` })
}
