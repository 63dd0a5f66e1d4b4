/**
 * Every part of kafkajs that this project reaches without the library's promise to keep it. Its public interface cannot read
 * without a consumer group, decode records with other code, or take a member out of a group. So the version is pinned
 * exactly, and `kafkajs-internals.test.ts` compares the installed version with what is listed here.
 */

import type { OpenBatches } from './open-batches.ts'

/** The version that has the parts below. */
export const KAFKAJS_VERSION = '2.2.4'

/** A client keeps the function that makes its clusters, with addresses and credentials, under a symbol of this description. */
const CLUSTER_MAKER = 'private:Kafka:createCluster'

/** What is called on a cluster. */
export const CLUSTER_METHODS = [
  'connect',
  'disconnect',
  'refreshMetadata',
  'addTargetTopic',
  'findLeaderForPartitions',
  'findBroker',
  'findGroupCoordinator',
  'fetchTopicsOffset',
] as const

/** What is called on a broker. It has `lookupRequest` once it is connected. */
export const BROKER_METHODS = ['fetch', 'describeGroups', 'leaveGroup'] as const

/** A connection to a cluster, as consumers, producers and admin clients each have one. */
export interface Cluster {
  connect(): Promise<void>
  disconnect(): Promise<void>
  refreshMetadata(): Promise<void>
  addTargetTopic(topic: string): Promise<void>
  /** By the id of their leader. */
  findLeaderForPartitions(topic: string, partitions: readonly number[]): Record<string, number[]>
  findBroker(node: { readonly nodeId: string }): Promise<Broker>
  findGroupCoordinator(request: { readonly groupId: string }): Promise<Broker>
  fetchTopicsOffset(
    topics: readonly {
      readonly topic: string
      readonly fromBeginning: boolean
      readonly partitions: readonly { readonly partition: number }[]
    }[],
  ): Promise<{ topic: string; partitions: { partition: number; offset: string }[] }[]>
}

export interface Broker {
  fetch(request: FetchRequest): Promise<FetchResponse>
  describeGroups(request: { readonly groupIds: readonly string[] }): Promise<{
    readonly groups: readonly {
      readonly members: readonly { readonly memberId: string; readonly clientId: string }[]
    }[]
  }>
  leaveGroup(request: { readonly groupId: string; readonly memberId: string }): Promise<unknown>
  /** How the newest version of a request is made that client and broker both know. */
  readonly lookupRequest: (apiKey: number, definition: object) => (request: FetchRequest) => Protocol
}

export interface FetchRequest {
  /**
   * Our own, for `readRecordsOf`: the answer waits until all is decoded. Without it, none takes longer than a consumer may
   * keep its group waiting.
   */
  readonly isPatient?: boolean
  /** Our own, for a patient request: how much memory the records of a partition may take, once they are inflated. */
  readonly mostBytes?: number
  /** Our own, for a patient request: the batches that earlier requests have left in the middle. */
  readonly open?: OpenBatches
  /** Our own, for a patient request: records that do not hold these bytes may be left out. */
  readonly holding?: Buffer
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
  /** Of a transaction: nothing to hand over. */
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
  /** Of the protocol: 0 also reads what is not committed, 1 does not. */
  readonly isolationLevel?: number
}

type ClusterMaker = (options: ClusterOptions) => Cluster

/**
 * Makes a connection to the cluster that a client is for, with its addresses and credentials.
 *
 * @param kafka an instance of `Kafka`
 * @throws where kafkajs is another version, without a part that is needed
 */
export function createCluster(kafka: object, options: ClusterOptions): Cluster {
  return makerOf(kafka).make(options)
}

/** Has every cluster that the client makes from now on pass through `hook`. */
export function hookClusters(kafka: object, hook: (cluster: Cluster) => void): void {
  const { symbol, make } = makerOf(kafka)
  const client = kafka as Record<symbol, ClusterMaker>
  client[symbol] = options => {
    const cluster = make(options)
    hook(cluster)
    return cluster
  }
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
