import type { Mapping } from '../config/mappings.ts'
import type { Settings } from '../config/settings.ts'
import { PARTITIONS_PER_FETCH } from './backpressure.ts'

/** How many partitions of a fetch are handed over concurrently, so that full ones do not block others. Each costs a promise per fetch. */
export const CONCURRENT_PARTITIONS = 100

/** How often kafkajs retries until the trigger replaces the consumer: a single broker may restart; of several, another takes over. */
const RETRIES = { oneBroker: 8, several: 3 }

/** The kafkajs options for a member of a consumer group. */
export function consumerOptions(
  { groupId }: Mapping,
  { brokers, sessionTimeoutMs }: Settings,
  largestBatchBytes: number,
) {
  return {
    groupId,
    sessionTimeout: sessionTimeoutMs,
    heartbeatInterval: Math.floor(sessionTimeoutMs / 4),
    allowAutoTopicCreation: false,
    // Partitions that are added to a topic are noticed within this time, unless the watch over topics sees them first.
    metadataMaxAge: 30_000,
    // Upper bound for a fetch, which kafkajs cannot interrupt. It delays a resumed partition and the shutdown.
    maxWaitTimeInMs: 200,
    // The largest batch must fit. Otherwise a broker would not return it while partitions before it have records.
    maxBytesPerPartition: largestBatchBytes,
    maxBytes: PARTITIONS_PER_FETCH * largestBatchBytes,
    retry: {
      retries: brokers.length > 1 ? RETRIES.several : RETRIES.oneBroker,
      maxRetryTime: 2_000,
      restartOnFailure: async () => false,
    },
  }
}
