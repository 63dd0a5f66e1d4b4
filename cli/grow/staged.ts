/** Lays the states of a grown topic ready beside the live ones, and switches them over one by one. */
import { isDeepStrictEqual } from 'node:util'
import type { RedisClient } from '../../lib/runtime/adapters/redis/client.ts'
import { RedisPartitionStates } from '../../lib/runtime/adapters/redis/partition-states.ts'
import { RestoreRefused, replaceState } from '../../lib/runtime/adapters/redis/staging.ts'
import { StateReader } from '../../lib/runtime/adapters/redis/state-reader.ts'
import {
  type Growing,
  grownMeta,
  latestOf,
  partsFor,
  sourcesOf,
} from '../../lib/runtime/pipeline/growing/repartition.ts'
import type { RememberedFailure, StateKey, Version } from '../../lib/runtime/pipeline/model.ts'
import type { CheckpointPages, CheckpointPart } from '../../lib/runtime/pipeline/recovery/checkpoints.ts'
import { CliFailure } from '../failure.ts'
import { nameOf } from '../state/state-keys.ts'

/** How much a state holds, to notice if Redis loses a part of it. */
export interface Sizes {
  readonly entities: number
  readonly ids: number
  readonly failureBytes: number
}

export class StagedStates {
  readonly #client: RedisClient
  readonly #reader: StateReader
  readonly #states: RedisPartitionStates

  constructor(client: RedisClient) {
    this.#client = client
    this.#reader = new StateReader(client)
    this.#states = new RedisPartitionStates(client)
  }

  /**
   * Lays the state of a partition ready. The old states must not change meanwhile.
   *
   * @param at where it is laid
   * @param live the old partition states by their partitions
   */
  async stage(at: StateKey, live: readonly StateKey[], growing: Growing): Promise<Sizes> {
    await told(at, replaceState(this.#client, at, this.#pages(at.partition, live, growing)))
    return this.#sizes(at)
  }

  /** Switches over, unless that was done before. */
  async switchOver(
    live: StateKey,
    at: StateKey,
    expected: { readonly version: Version; readonly sizes: Sizes; readonly generation: number },
  ): Promise<void> {
    const { partitioning } = await this.#reader.meta(live)
    if (partitioning?.generation === expected.generation) return
    const taken = await this.#states.take(at)
    if (!taken || !isDeepStrictEqual(await this.#sizes(at), expected.sizes))
      throw new CliFailure(
        `Redis has lost a part of what was laid ready for ${nameOf(live)}. Its state is what it was before the growth: \`sluice state ` +
          'show` shows it. Put a checkpoint of before back for every consumer, and grow again.',
      )
    await told(live, replaceState(this.#client, live, taken.pages, expected.version))
  }

  async #sizes(at: StateKey): Promise<Sizes> {
    const meta = await this.#reader.meta(at)
    const { entities } = await this.#reader.counts(at)
    const ids = await this.#reader.idCount(at, meta)
    return { entities, ids, failureBytes: meta.failureMemory.bytes }
  }

  async *#pages(target: number, live: readonly StateKey[], growing: Growing): CheckpointPages {
    yield [{ kind: 'meta', meta: grownMeta(target, growing) }]
    const failures: RememberedFailure[] = []
    for (const source of sourcesOf(target, growing)) {
      const taken = await this.#states.take(live[source.partition] as StateKey)
      if (!taken) continue
      for await (const page of taken.pages) {
        const parts: CheckpointPart[] = []
        for (const part of partsFor(target, source, page, growing))
          if (part.kind === 'failure') failures.push(part.failure)
          else parts.push(part)
        yield parts
      }
    }
    yield latestOf(failures).map(failure => ({ kind: 'failure', failure }))
  }
}

async function told(state: StateKey, replacing: Promise<unknown>): Promise<void> {
  try {
    await replacing
  } catch (error) {
    if (!(error instanceof RestoreRefused)) throw error
    throw new CliFailure(
      `${nameOf(state)} was not written (${error.why}): does another run of the command work on it? Run it again.`,
    )
  }
}
