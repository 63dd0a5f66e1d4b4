/**
 * Questions that kafkajs does not know, or whose answers it throws away, over its connections. Addresses, TLS and signing in stay the
 * library's; it has no public way to send another request: see `kafkajs-internals.ts`.
 */
import { type ClusterOptions, createCluster, requireMethod } from '../kafkajs-internals.ts'
import { type Question, type VersionRange, versionFor } from './question.ts'

/** What is called on a cluster, beside the methods in `kafkajs-internals.ts`. */
export const ASKING_CLUSTER_METHODS = ['getNodeIds', 'findGroupCoordinator'] as const
/** What is called on the broker pool of a cluster. */
export const BROKER_POOL_METHODS = ['findConnectedBroker'] as const
/** What is called on a broker. */
export const ASKED_BROKER_METHODS = ['listGroups', 'describeGroups', 'offsetFetch'] as const

export interface AskedBroker {
  /** By the key of a request. Known once it is connected. */
  readonly versions: Readonly<Record<number, VersionRange>> | null
  readonly connectionPool: { send(request: object): Promise<unknown> }
  /** The groups whose coordinator it is. */
  listGroups(): Promise<{
    readonly groups: readonly { readonly groupId: string; readonly protocolType: string }[]
  }>
  /** Of groups whose coordinator it is. */
  describeGroups(request: { readonly groupIds: readonly string[] }): Promise<{
    readonly groups: readonly DescribedGroup[]
  }>
  /** @param request without topics: all that the group has read */
  offsetFetch(request: { readonly groupId: string; readonly topics: readonly [] }): Promise<{
    readonly responses: readonly {
      readonly topic: string
      readonly partitions: readonly { readonly partition: number; readonly offset: string }[]
    }[]
  }>
}

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

export interface AskingCluster {
  connect(): Promise<void>
  disconnect(): Promise<void>
  /** What `refreshMetadata` asks for. */
  targetTopics: Set<string>
  /** Rejects if a partition of one of the topics has no leader. */
  refreshMetadata(): Promise<void>
  /** The brokers that `findBroker` knows. */
  getNodeIds(): string[]
  findBroker(node: { readonly nodeId: string }): Promise<AskedBroker>
  findGroupCoordinator(request: { readonly groupId: string }): Promise<AskedBroker>
  readonly brokerPool: { findConnectedBroker(): Promise<AskedBroker> }
}

/**
 * @param kafka an instance of `Kafka`
 * @throws where kafkajs is another version, without a part that is needed
 */
export function askingCluster(kafka: object, options: ClusterOptions): AskingCluster {
  const cluster = createCluster(kafka, options) as unknown as AskingCluster
  for (const name of ASKING_CLUSTER_METHODS) requireMethod(cluster, name)
  for (const name of BROKER_POOL_METHODS) requireMethod(cluster.brokerPool, name)
  return cluster
}

/** The broker does not know the question. It has the form of the library's errors for answers of brokers. */
export class UnsupportedQuestion extends Error {
  override readonly name = 'UnsupportedQuestion'
  readonly type = 'UNSUPPORTED_VERSION'
  readonly retriable = false
}

/** @throws UnsupportedQuestion; Malformed; an error of the connection */
export async function askBroker<Answer>(broker: AskedBroker, question: Question<Answer>): Promise<Answer> {
  const { apiKey, name } = question
  const version = versionFor(question, broker.versions?.[apiKey])
  if (version === undefined) throw new UnsupportedQuestion(`the broker does not know ${name} as it is asked`)
  return (await broker.connectionPool.send({
    request: {
      apiKey,
      apiVersion: version,
      apiName: name,
      encode: async () => encoded(question.encode(version)),
    },
    response: {
      decode: async (payload: Buffer) => ({ answer: question.decode(payload, version) }),
      parse: (decoded: { answer: Answer }) => decoded.answer,
    },
  })) as Answer
}

/** The library takes its own encoder, of which it reads these. */
function encoded(buffer: Buffer) {
  return { buf: buffer, buffer }
}
