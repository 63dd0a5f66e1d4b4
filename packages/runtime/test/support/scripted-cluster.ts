/** Cluster with scripted brokers, which replaces the network layer of the client library. */
import type { Kafka } from 'kafkajs'

const ALL = { minVersion: 0, maxVersion: 99 }
const VERSIONS = { 2: ALL, 3: ALL, 32: ALL, 35: { minVersion: 0, maxVersion: 1 }, 55: ALL }

/** Responses of a broker, by the name of the protocol request or of the library method. */
type Script = Readonly<Record<string, (asked: string) => unknown>>

interface SentRequest {
  readonly request: { readonly apiName: string }
  readonly response: { parse(decoded: { answer: unknown }): unknown }
}

/**
 * Creates a cluster.
 *
 * @param scripts by broker id, the responses of a broker or the error for a broker that cannot be reached. Broker 1 is connected.
 * @param coordinators id of the coordinating broker, by group
 */
export function scriptedCluster(
  scripts: Readonly<Record<string, Script | Error>>,
  coordinators: Readonly<Record<string, string>> = {},
) {
  const calls: string[] = []
  const answer = (id: string, name: string, asked = '') => {
    const script = scripts[id]
    if (!script || script instanceof Error) throw script ?? new Error(`no broker ${id}`)
    calls.push(`${name} ${id}${asked && `: ${asked}`}`)
    const given = script[name]?.(asked)
    if (given instanceof Error) throw given
    return given
  }
  const brokers = new Map(
    Object.keys(scripts).map(id => [
      id,
      {
        versions: VERSIONS,
        connectionPool: {
          send: async ({ request, response }: SentRequest) =>
            response.parse({ answer: answer(id, request.apiName) }),
        },
        fetch: async () => {},
        listGroups: async () => answer(id, 'listGroups'),
        describeGroups: async ({ groupIds }: { groupIds: string[] }) =>
          answer(id, 'describeGroups', groupIds.join(' ')),
        offsetFetch: async ({ groupId }: { groupId: string }) => answer(id, 'offsetFetch', groupId),
      },
    ]),
  )
  const find = async ({ nodeId }: { nodeId: string }) => {
    if (scripts[nodeId] instanceof Error) throw scripts[nodeId]
    return brokers.get(nodeId)
  }
  let known: string[] = []
  const cluster = {
    targetTopics: new Set<string>(),
    connect: async () => {},
    disconnect: async () => void calls.push('disconnect'),
    getNodeIds: () => known,
    async refreshMetadata() {
      calls.push(`look up with ${[...this.targetTopics]}`)
      known = Object.keys(scripts)
    },
    findBroker: find,
    findGroupCoordinator: ({ groupId }: { groupId: string }) =>
      find({ nodeId: coordinators[groupId] ?? '1' }),
    brokerPool: { findConnectedBroker: () => find({ nodeId: '1' }) },
  }
  const kafka = { [Symbol('private:Kafka:createCluster')]: () => cluster }
  return { kafka: kafka as unknown as Kafka, calls }
}
