/** Description of an unfinished reprocessing, kept in Redis so that a later command can continue it. */
import type { RedisClient } from '../../../packages/runtime/adapters/redis/client.ts'
import { RedisValue } from '../../../packages/runtime/adapters/redis/value.ts'
import { type Operation, Operations } from '../../../packages/runtime/pipeline/generations/operations.ts'
import type { StateKey } from '../../../packages/runtime/pipeline/model.ts'
import type { Start } from './from.ts'

export interface Reprocessed extends Operation {
  /** RFC 3339. */
  readonly begunAt: string
  /** See `codeOf`. */
  readonly code: string
  readonly starts: readonly Start[]
  /** The partitions that have been switched. */
  readonly switched: readonly number[]
}

/** Result of a partition. */
export interface SwitchedPartition extends StateKey {
  readonly startOffset: number
  readonly appliedOffset: number
  /** Null if nothing was switched, as in a dry run. */
  readonly epoch: number | null
  /** The events that the switch emits, by type. */
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
