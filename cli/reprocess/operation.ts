/** What an unfinished reprocessing is about, kept in Redis so that a later command can go on with it. */
import type { RedisClient } from '../../packages/runtime/adapters/redis/client.ts'
import { RedisValue } from '../../packages/runtime/adapters/redis/value.ts'
import type { StateKey } from '../../packages/runtime/pipeline/model.ts'
import type { Start } from './from.ts'

export interface Operation {
  /** RFC 3339. */
  readonly begunAt: string
  /** Higher than that of every earlier operation. */
  readonly attempt: number
  /** See `codeOf`. */
  readonly code: string
  readonly starts: readonly Start[]
  /** The partitions that have been switched. */
  readonly switched: readonly number[]
}

/** What became of a partition. */
export interface SwitchedPartition extends StateKey {
  readonly startOffset: number
  readonly appliedOffset: number
  /** Null if nothing was switched, as in a dry run. */
  readonly epoch: number | null
  /** The events that the switch emits, by type. */
  readonly emitted: Readonly<Record<string, number>>
}

export class StoredOperation {
  readonly #value: RedisValue<Operation | null>

  constructor(client: RedisClient, env: string, consumer: string, topic: string) {
    this.#value = new RedisValue(client, `reprocess:${env}:${consumer}:${topic}`)
  }

  /** Undefined if there is none that is unfinished. */
  async read(): Promise<Operation | undefined> {
    return (await this.#value.read()) ?? undefined
  }

  write(operation: Operation): Promise<void> {
    return this.#value.write(operation)
  }

  async switched(partition: number): Promise<void> {
    await this.#value.update(operation =>
      operation ? { ...operation, switched: [...operation.switched, partition] } : null,
    )
  }

  async finish(): Promise<void> {
    await this.#value.write(null)
  }
}
