/**
 * Processes one Kafka batch with one consumer. Start reading here; `steps.ts` shows the steps of a chunk in order, and
 * `partition.ts` runs each partition through these steps. `model/` defines the data, `ports.ts` the interfaces to external
 * systems.
 */

import { type KafkaEvent, type PartitionBatch, receive } from './batch/receive.ts'
import { type BatchResponse, type PartitionResult, respond } from './batch/respond.ts'
import type { Consumer } from './consumer.ts'
import type { Invocation } from './invocation.ts'
import { PartitionLog, READS_AT_ONCE, Semaphore } from './log/partition-log.ts'
import { runPartition } from './partition.ts'
import type { BatchTracer, Ports } from './ports.ts'
import type { StatesPort } from './replacing/replaceable-states.ts'

/**
 * Processes the partitions of the batch concurrently. If ReportBatchItemFailures is off, the promise rejects
 * if any record must be delivered again.
 */
export async function consume(
  consumer: Consumer,
  ports: Ports & StatesPort,
  event: KafkaEvent,
  invocation: Invocation,
): Promise<BatchResponse> {
  // Do not await here: an await would keep the event's text in memory until the end of the invocation.
  return consumeBatches(consumer, ports, receive(event), invocation)
}

async function consumeBatches(
  consumer: Consumer,
  ports: Ports & StatesPort,
  batches: PartitionBatch[],
  invocation: Invocation,
): Promise<BatchResponse> {
  const permits = new Semaphore(READS_AT_ONCE)
  const partitions = batches.splice(0).map(batch => {
    const { topic, partition } = batch
    const log = new PartitionLog(ports.log, permits)
    const own = { ...ports, log }
    const run = ports.tracer
      ? runTraced(ports.tracer, consumer, own, invocation, batch)
      : runPartition(consumer, own, invocation, batch)
    return run.finally(() => log.end(topic, partition))
  })
  const results = await Promise.all(partitions)
  invocation.publishedFailures?.endInvocation()
  return respond(results, invocation.partialResponses)
}

/** A function of its own, because the closure keeps the records in memory until the partition ends. */
function runTraced(tracer: BatchTracer, ...args: Parameters<typeof runPartition>): Promise<PartitionResult> {
  const [consumer, ports, invocation, batch] = args
  const { topic, partition, records } = batch
  return tracer.trace({ topic, partition, records: records.length }, ports, given =>
    runPartition(consumer, given, invocation, batch),
  )
}
