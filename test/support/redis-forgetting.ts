import { Redis } from 'ioredis'
import { buildKeys } from '#runtime/adapters/redis/keys.ts'
import type { StateKey } from '#runtime/pipeline/model/partition-state.ts'
import type { Forgetting } from './schedule.ts'
import { redisUrl } from './servers.ts'

/** Resets a partition state to an earlier copy, as a failover to a lagging replica would. Uses DUMP and RESTORE. */
export class RedisForgetting implements Forgetting {
  readonly #redis = new Redis(redisUrl())
  readonly #pattern: string

  constructor(stateKey: StateKey) {
    const { meta } = buildKeys(stateKey)
    this.#pattern = `${meta.slice(0, meta.lastIndexOf(':'))}:*`.replaceAll(/[[\]?]/g, '\\$&')
  }

  async copy(): Promise<unknown> {
    const keys = await this.#redis.keys(this.#pattern)
    const dumps = await this.#atOnce(keys.map(key => ['dump', key]))
    return new Map(keys.map((key, index) => [key, dumps[index] as Buffer]))
  }

  async restore(copy: unknown): Promise<void> {
    const present = await this.#redis.keys(this.#pattern)
    await this.#atOnce([
      ...present.map(key => ['del', key]),
      ...[...(copy as Map<string, Buffer>)].map(([key, dump]) => ['restore', key, 0, dump]),
    ])
  }

  close(): void {
    this.#redis.disconnect()
  }

  async #atOnce(
    commands: readonly (readonly [string, ...unknown[]] | readonly unknown[])[],
  ): Promise<unknown[]> {
    if (commands.length === 0) return []
    const multi = this.#redis.multi()
    for (const [name, ...args] of commands) multi.callBuffer(String(name), ...(args as Buffer[]))
    const replies = (await multi.exec()) ?? []
    for (const [error] of replies) if (error) throw error
    return replies.map(([, reply]) => reply)
  }
}
