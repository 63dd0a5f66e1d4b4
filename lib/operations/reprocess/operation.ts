/** Description of an unfinished reprocessing, stored in Redis, so that a later command can continue it. */
import type { RedisClient } from '../../../packages/runtime/adapters/redis/client.ts'
import { RedisValue } from '../../../packages/runtime/adapters/redis/value.ts'
import { type Operation, Operations } from '../../../packages/runtime/pipeline/generations/operations.ts'
import type { StateKey } from '../../../packages/runtime/pipeline/model.ts'
import type { Start } from './from.ts'

export interface Reprocessed extends Operation {
  /** Start of the operation, RFC 3339. */
  readonly begunAt: string
  /** Identification of the code, see `codeOf`. */
  readonly code: string
  readonly starts: readonly Start[]
  /** Partitions that have been switched. */
  readonly switched: readonly number[]
}

/** Result of one partition. */
export interface SwitchedPartition extends StateKey {
  readonly startOffset: number
  readonly appliedOffset: number
  /** Epoch after the switch; null if nothing was switched, as in a dry run. */
  readonly epoch: number | null
  /** Number of events that the switch emits, by type. */
  readonly emitted: Readonly<Record<string, number>>
}

export type Reprocessings = Operations<Reprocessed, object>

export function reprocessingsOf(
  client: RedisClient,
  env: string,
  consumer: string,
  topic: string,
): Reprocessings {
  return new Operations(new RedisValue(client, `reprocess:${env}:${consumer}:${topic}`), {}, Date.now)
}
