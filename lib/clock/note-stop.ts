/** Says in the log that the functions are stopped on purpose. */
import { instant } from '#runtime/consumer'
import type { KafkaClients } from '#runtime/functions/kafka'
import { broadcast } from '#runtime/functions/schedules'
import { resolveSignals } from '../app/topic-table.ts'
import { lastTick } from '../telemetry/tick.ts'
import type { AppendingConfig } from './append-to-partitions.ts'

/**
 * Appends a last tick to each partition that `alerting` watches, so that the next start raises no `PIPELINE_DOWN`. The log decides, so
 * after a kill, which appends nothing, the alert fires.
 *
 * @throws Unavailable if Kafka cannot be reached
 */
export async function noteStop(
  connections: Pick<KafkaClients, 'publisher'>,
  config: AppendingConfig,
  nowMs: number,
): Promise<void> {
  const publisher = await connections.publisher()
  for (const signal of resolveSignals(['ruled'])) {
    const topic = config.names.topicName(signal, config.env)
    const partitions = await publisher.countPartitions(topic)
    await broadcast(publisher, topic, config, partition => lastTick(partition, instant(nowMs)), partitions)
  }
}
