/**
 * One Kafka batch through one consumer. A newcomer starts here, and goes on with `partition.ts`, where the steps follow one
 * another; each step is the file of its name beside this one.
 */
import type { Consumer } from './consumer.ts'
import { type Invocation, PartitionRun, type Ports } from './partition.ts'
import { type KafkaEvent, receive } from './receive.ts'
import { type BatchResponse, respond } from './respond.ts'

/** Processes the batch, its partitions side by side; rejects only where the mapping cannot be told what failed. */
export async function consume(
  consumer: Consumer,
  ports: Ports,
  event: KafkaEvent,
  invocation: Invocation,
): Promise<BatchResponse> {
  const partitions = receive(event).map(batch => new PartitionRun(consumer, ports, invocation, batch).run())
  return respond(await Promise.all(partitions), invocation.partialResponses)
}
