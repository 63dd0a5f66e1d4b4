import type { PartitionerArgs } from 'kafkajs'
import { partitionOf } from '../../consumer/murmur2.ts'
import { RecordRefused } from '../../pipeline/errors.ts'

/** The topic does not have the partition, as far as the producer knows: it may have grown since. */
export class UnknownPartition extends RecordRefused {}

export function unknownPartition(topic: string, count: number, partition: number): UnknownPartition {
  return new UnknownPartition(`the topic ${topic} has ${count} partitions, not one with number ${partition}`)
}

/**
 * Kafka's own partitioning, as every Java client has it: murmur2 of the key; records without one in turn over the
 * partitions that have a leader. The library's own gives the same results, but in time that grows with the square of the
 * key's length: half a minute for a key of 400 kB.
 *
 * @throws RecordRefused for a partition that the topic does not have: the library would leave the record out, without an error
 */
export function murmur2Partitioner() {
  let turn = 0
  return ({ topic, partitionMetadata, message }: PartitionerArgs): number => {
    const { partition } = message
    if (partition !== undefined && partition !== null) {
      if (partitionMetadata.some(({ partitionId }) => partitionId === partition)) return partition
      throw unknownPartition(topic, partitionMetadata.length, partition)
    }
    if (message.key !== undefined && message.key !== null)
      return partitionOf(Buffer.from(message.key), partitionMetadata.length)
    const led = partitionMetadata.filter(({ leader }) => leader >= 0)
    const choice = led.length > 0 ? led : partitionMetadata
    turn = (turn + 1) % choice.length
    return choice[turn]?.partitionId ?? 0
  }
}
