/** Stops the consumers of a topic while its states move to more partitions. */
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
   * From now on, nothing can be committed to the partition state until its contents are replaced or the fence is removed. A
   * state that does not exist yet is fenced, too.
   *
   * @param partitions how many the topic will have
   * @returns the version that the state keeps, and the count for which it is fenced: a fence that stands already stays
   */
  async raise(
    partitionState: StateKey,
    partitions: number,
  ): Promise<{ readonly version: Version; readonly partitions: number }> {
    const reply = await this.#client.eval(FENCE, [keysOf(partitionState).meta], [partitions])
    const [epoch = 0, appliedOffset = -1, fired = 0, count = 0] = reply as number[]
    return { version: { epoch, appliedOffset, fired }, partitions: count }
  }

  /** The state continues as it was. A state that did not exist before the fence does not exist after it. */
  async remove(partitionState: StateKey): Promise<void> {
    await this.#client.eval(REMOVE_FENCE, [keysOf(partitionState).meta], [])
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
