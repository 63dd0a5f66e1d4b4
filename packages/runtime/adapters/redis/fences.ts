/** Stops commits to partition states while others are prepared to take their place. */
import type { Fence } from '../../pipeline/fence.ts'
import type { KeptGrowth, Partitioning, StateKey, Version } from '../../pipeline/model.ts'
import type { RedisClient } from './client.ts'
import { keysOf } from './keys.ts'
import { FENCE, NOTE_GROWTH, REMOVE_FENCE } from './scripts.ts'

export class Fences {
  readonly #client: RedisClient

  constructor(client: RedisClient) {
    this.#client = client
  }

  /**
   * From now on, nothing can be committed to the partition state until its contents are replaced, or the fence is removed or falls.
   * A fence that stands already stays; only a reprocessing takes over that of another one.
   *
   * @param forMs when it falls by itself; 0 if it does not
   * @returns the version that the state keeps, and the fence that stands
   */
  async raise(
    partitionState: StateKey,
    fence: Fence,
    forMs = 0,
  ): Promise<{ readonly version: Version; readonly fence: Fence }> {
    const arguments_ = [JSON.stringify(fence), forMs]
    const reply = await this.#client.eval(FENCE, [keysOf(partitionState).meta], arguments_)
    const [epoch, appliedOffset, fired, stands] = reply as [number, number, number, Buffer]
    return { version: { epoch, appliedOffset, fired }, fence: JSON.parse(String(stands)) }
  }

  /** The state continues as it was. A state that did not exist before the fence does not exist after it. */
  async remove(partitionState: StateKey, by: string): Promise<void> {
    await this.#client.eval(REMOVE_FENCE, [keysOf(partitionState).meta], [by])
  }

  /** Notes how the topic has grown, in a state whose contents stay: no fence is needed for that. */
  async noteGrowth(
    partitionState: StateKey,
    { generation, partitions }: Partitioning,
    growths: readonly KeptGrowth[],
  ): Promise<void> {
    const { meta } = keysOf(partitionState)
    await this.#client.eval(NOTE_GROWTH, [meta], [generation, partitions, JSON.stringify(growths)])
  }

  /** Removes the states of all topics whose names begin like this. Only for copies that no consumer uses. */
  async discard(topicPrefix: string): Promise<void> {
    for await (const key of this.#client.keys(`{*:${topicPrefix}*:*}:*`))
      await this.#client.run(redis => redis.unlink(key))
  }
}
