import type { Kafka } from 'kafkajs'
import type { OutgoingRecord } from '../../cloudevents/record.ts'
import { failureOf, producerOf, sendAll } from './publisher.ts'

/**
 * Appends a record to each of some partitions of a topic, for those who must know where it lies. If one had to be sent again, the
 * offset is that of the last copy.
 *
 * @param records at most one for each partition, small enough for one request together
 * @returns the offset of each record, in their order
 * @throws as `Publisher.publish` does; any of the records may then have been written
 */
export async function append(
  kafka: Kafka,
  records: readonly (OutgoingRecord & { readonly partition: number })[],
): Promise<readonly number[]> {
  try {
    const producer = await producerOf(kafka)
    try {
      const written = await sendAll(producer, records)
      const offsets = new Map(written.map(one => [one.partition, Number(one.baseOffset ?? one.offset)]))
      return records.map(({ partition }) => {
        const offset = offsets.get(partition)
        if (Number.isSafeInteger(offset)) return offset as number
        throw new Error(`Kafka has not told the offset of a record that it took in partition ${partition}`)
      })
    } finally {
      await producer.disconnect()
    }
  } catch (error) {
    throw failureOf(error)
  }
}
