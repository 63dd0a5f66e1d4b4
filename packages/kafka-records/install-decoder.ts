/** Makes kafkajs read records with this package. kafkajs has no public API for this, see `kafkajs-internals.ts`. */

import type { FetchState } from './fetch-response.ts'
import {
  type Broker,
  type FetchRequest,
  hookClusters,
  type Protocol,
  requireMethod,
} from './kafkajs-internals.ts'
import type { TimedDecoder } from './timed-decoder.ts'

/** Time limit for decoding a response, in milliseconds. It is well below the session timeout, which is at least 6 seconds. */
const MAX_DECODING_MS = 2_000

interface Memory {
  readonly putOff: Set<string>
  decoding?: TimedDecoder
}

const hooked = new WeakSet<object>()

/**
 * Makes the consumers of a kafkajs client, and all fetches over its clusters, return `FetchedRecord` objects. Other clients are not
 * affected.
 *
 * @param kafka an instance of `Kafka`
 * @throws Error if a required part is missing in the installed version of kafkajs
 */
export function installRecordDecoder(kafka: object): void {
  if (hooked.has(kafka)) return
  hooked.add(kafka)
  const memory: Memory = { putOff: new Set() }
  hookClusters(kafka, cluster => {
    requireMethod(cluster, 'findBroker')
    const find = cluster.findBroker
    cluster.findBroker = async node => hookedBroker(await find.call(cluster, node), memory)
  })
}

function hookedBroker(broker: Broker, memory: Memory): Broker {
  if (hooked.has(broker)) return broker
  requireMethod(broker, 'fetch')
  hooked.add(broker)
  const fetch = broker.fetch
  broker.fetch = request => {
    requireMethod(broker, 'lookupRequest')
    const lookup = broker.lookupRequest
    // Use a copy of the broker for this request only, because another request may be in progress.
    const brokerCopy: Broker = Object.create(broker, {
      lookupRequest: {
        value: (apiKey: number, definition: object) => {
          const protocol = lookup(apiKey, definition)
          return (sent: FetchRequest) => withOwnDecoder(protocol(sent), request, memory)
        },
      },
    })
    return fetch.call(brokerCopy, request)
  }
  return broker
}

function withOwnDecoder(
  { request, response, ...rest }: Protocol,
  { topics, isPatient = false, mostBytes, open, holding }: FetchRequest,
  memory: Memory,
) {
  const offsets = new Map(
    topics.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, fetchOffset }) => [`${topic}/${partition}`, Number(fetchOffset)] as const),
    ),
  )
  const getOffset = (topic: string, partition: number) => offsets.get(`${topic}/${partition}`) ?? 0
  const decode = async (payload: Buffer) => {
    const { decodeFetchResponse, OLDEST_VERSION, NEWEST_VERSION } = await import('./fetch-response.ts')
    const { TimedDecoder } = await import('./timed-decoder.ts')
    const { decodePartition } = await import('./decode-partition.ts')
    memory.decoding ??= new TimedDecoder()
    const { decoding } = memory
    const untilMs = performance.now() + MAX_DECODING_MS
    const state: FetchState = {
      getOffset,
      decodePartition: fetched =>
        isPatient
          ? decodePartition(fetched, mostBytes, open, holding)
          : decoding.decodePartition(fetched, untilMs),
      putOff: memory.putOff,
    }
    const { apiVersion } = request
    if (apiVersion < OLDEST_VERSION || apiVersion > NEWEST_VERSION)
      throw new Error(`version ${apiVersion} of Fetch cannot be decoded: Kafka must be 0.11 or later`)
    return decodeFetchResponse(payload, apiVersion, state)
  }
  return { ...rest, request, response: { ...response, decode } }
}
