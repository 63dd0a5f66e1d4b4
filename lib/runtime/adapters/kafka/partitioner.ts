import type { PartitionerArgs } from 'kafkajs'
import { partitionOf } from '../../consumer/murmur2.ts'

/**
 * Kafka's own partitioning, as every Java client has it: murmur2 of the key; records without one in turn over the
 * partitions that have a leader. The library's own gives the same results, but in time that grows with the square of the
 * key's length: half a minute for a key of 400 kB.
 */
export function murmur2Partitioner() {
  let turn = 0
  return ({ partitionMetadata, message }: PartitionerArgs): number => {
    if (message.partition !== undefined && message.partition !== null) return message.partition
    if (message.key !== undefined && message.key !== null)
      return partitionOf(Buffer.from(message.key), partitionMetadata.length)
    const led = partitionMetadata.filter(({ leader }) => leader >= 0)
    const choice = led.length > 0 ? led : partitionMetadata
    turn = (turn + 1) % choice.length
    return choice[turn]?.partitionId ?? 0
  }
}
