import type { Kafka } from 'kafkajs'
import { type OutgoingRecord, sizeOf } from '../../cloudevents/record.ts'
import { failureOf, producerOf, sendAll } from './publisher.ts'
import { requestsOf } from './requests.ts'

type PlacedRecord = OutgoingRecord & { readonly partition: number }

/** Of one request: Kafka applies a topic's limit of 1 MiB to all records of a partition in it. */
const LIMITS = { items: 500, bytes: 512 * 1024 } as const

/**
 * Appends records in their order, for those who must know where each lies. If a request had to be sent again, the offsets are those
 * of the last copies.
 *
 * @returns the offsets of the records, request by request, once each is acknowledged by all replicas
 * @throws as `Publisher.publish` does; any of the records of that request may then have been written, and none of later ones
 */
export async function* appendInOrder(
  kafka: Kafka,
  records: readonly PlacedRecord[],
): AsyncGenerator<readonly number[]> {
  try {
    const producer = await producerOf(kafka)
    try {
      for (const request of requestsOf(records, sizeOf, LIMITS)) {
        const written = await sendAll(producer, request)
        yield offsetsOf(
          request,
          written.map(one => {
            const offset = Number(one.baseOffset ?? one.offset)
            return { topic: one.topicName, partition: one.partition, offset }
          }),
        )
      }
    } finally {
      await producer.disconnect()
    }
  } catch (error) {
    throw failureOf(error)
  }
}

interface Begin {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** The records of a request for one partition lie one after another. */
function offsetsOf(records: readonly PlacedRecord[], begins: readonly Begin[]): readonly number[] {
  const next = new Map(begins.map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]))
  return records.map(({ topic, partition }) => {
    const place = `${topic}/${partition}`
    const offset = next.get(place)
    if (offset === undefined || !Number.isSafeInteger(offset))
      throw new Error(`Kafka has not told the offset of a record that it took in ${place}`)
    next.set(place, offset + 1)
    return offset
  })
}
