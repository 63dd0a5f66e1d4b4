import { FETCHED_TOGETHER } from './backpressure.ts'
import type { Mapping } from './mappings.ts'
import type { Settings } from './settings.ts'

/** How many partitions of a fetch are handed over side by side, even if some have no room. Each costs a promise per fetch. */
export const HANDED_OVER = 100

/**
 * How often kafkajs tries again before it gives up a member, which is then ours to begin anew. With one broker, long enough
 * to sit out its restart as the same member. With several, another takes over the group of one that is lost; kafkajs
 * goes on asking the lost one, so the sooner it gives up, the better.
 */
const RETRIES = { oneBroker: 8, several: 3 }

/** How a member of a group is to be for kafkajs. */
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
    // Partitions that were added to a topic are noticed within this time.
    metadataMaxAge: 30_000,
    // A fetch waits so long at most, and with it a resumed partition and the end: kafkajs cannot interrupt it.
    maxWaitTimeInMs: 200,
    // The largest batch must fit, or a broker would not give it out while partitions before it have records.
    maxBytesPerPartition: largestBatchBytes,
    maxBytes: FETCHED_TOGETHER * largestBatchBytes,
    retry: {
      retries: brokers.length > 1 ? RETRIES.several : RETRIES.oneBroker,
      maxRetryTime: 2_000,
      restartOnFailure: async () => false,
    },
  }
}
