/** Describes a running reprocessing. It is stored in Redis, so that a later command takes over from an earlier one. */
import type { RedisClient } from '#runtime/adapters/redis/client.ts'
import { RedisValue } from '#runtime/adapters/redis/stored-value.ts'
import type { StateKey } from '#runtime/pipeline/model/index.ts'
import { type Operation, Operations } from '#runtime/pipeline/replacing/index.ts'

/** Result for one partition. */
export interface SwitchedPartition extends StateKey {
  readonly startOffset: number
  readonly appliedOffset: number
  /** Epoch of the state after the switch; null if the partition was not switched, as in a dry run. */
  readonly epoch: number | null
  /** Number of events that are emitted because of the switch, by type. */
  readonly emitted: Readonly<Record<string, number>>
  /** Number of entities that were left as they are, because their state is older than the start. */
  readonly older: number
}

export type Reprocessings = Operations<Operation>

export function createReprocessingStore(
  client: RedisClient,
  env: string,
  consumer: string,
  topic: string,
): Reprocessings {
  return new Operations(new RedisValue(client, `reprocess:${env}:${consumer}:${topic}`), Date.now)
}
