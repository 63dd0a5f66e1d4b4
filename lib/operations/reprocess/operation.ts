/**
 * Describes an unfinished reprocessing. The description is stored in Redis, so that a later command can continue the reprocessing.
 */
import type { RedisClient } from '../../../packages/runtime/adapters/redis/client.ts'
import { RedisValue } from '../../../packages/runtime/adapters/redis/value.ts'
import { type Operation, Operations } from '../../../packages/runtime/pipeline/generations/operations.ts'
import type { StateKey } from '../../../packages/runtime/pipeline/model.ts'
import type { Start } from './from.ts'

export interface Reprocessed extends Operation {
  /** Time at which the reprocessing was started, RFC 3339. */
  readonly begunAt: string
  /** Identifier of the code that computes the states, see `codeOf`. */
  readonly code: string
  readonly starts: readonly Start[]
  /** Partitions that have already been switched to the rebuilt state. */
  readonly switched: readonly number[]
}

/** Result for one partition. */
export interface SwitchedPartition extends StateKey {
  readonly startOffset: number
  readonly appliedOffset: number
  /** Epoch of the state after the switch; null if the partition was not switched, as in a dry run. */
  readonly epoch: number | null
  /** Number of events that are emitted because of the switch, by type. */
  readonly emitted: Readonly<Record<string, number>>
}

export type Reprocessings = Operations<Reprocessed>

export function reprocessingsOf(
  client: RedisClient,
  env: string,
  consumer: string,
  topic: string,
): Reprocessings {
  return new Operations(new RedisValue(client, `reprocess:${env}:${consumer}:${topic}`), Date.now)
}
