/** Lays the states of a grown topic ready beside the live ones, and switches them over one by one. */
import { isDeepStrictEqual } from 'node:util'
import {
  type Growing,
  grownMeta,
  latestOf,
  partsFor,
  sourcesOf,
} from '../../packages/runtime/pipeline/growing/repartition.ts'
import type {
  KeptGrowth,
  RememberedFailure,
  StateKey,
  Version,
} from '../../packages/runtime/pipeline/model.ts'
import {
  type CheckpointPages,
  type CheckpointPart,
  EMPTY_META,
  type PartitionStates,
} from '../../packages/runtime/pipeline/recovery/checkpoints.ts'
import { CliFailure } from '../failure.ts'
import { nameOf } from '../state/state-keys.ts'
import type { GrowingTopic } from './topic.ts'

/** How much a state holds, to notice if Redis loses a part of it. */
export interface Sizes {
  readonly entities: number
  readonly ids: number
  readonly failureBytes: number
}

export class StagedStates {
  readonly #reader: GrowingTopic['reader']
  readonly #states: PartitionStates

  constructor({ reader, states }: Pick<GrowingTopic, 'reader' | 'states'>) {
    this.#reader = reader
    this.#states = states
  }

  /**
   * Lays the state of a partition ready. The old states must not change meanwhile.
   *
   * @param at where it is laid
   * @param live the old partition states by their partitions
   */
  async stage(at: StateKey, live: readonly StateKey[], growing: Growing): Promise<Sizes> {
    await this.#replace(at, EMPTY_META.version, this.#pages(at.partition, live, growing))
    return this.#sizes(at)
  }

  /**
   * Switches over, unless that was done before.
   *
   * @param growths of the topic; the last one is this one
   */
  async switchOver(
    live: StateKey,
    at: StateKey,
    expected: { readonly version: Version; readonly sizes: Sizes },
    growths: readonly KeptGrowth[],
  ): Promise<void> {
    if (await this.isAfter(live, growths)) return
    const taken = await this.#states.take(at)
    if (!taken || !isDeepStrictEqual(await this.#sizes(at), expected.sizes))
      throw new CliFailure(
        `Redis has lost a part of what was laid ready for ${nameOf(live)}. Its state is what it was before the growth: \`sluice state ` +
          'show` shows it. Put a checkpoint of before back for every consumer, and grow again.',
      )
    await this.#replace(live, expected.version, withHistory(taken.pages, growths))
  }

  /** Returns whether a partition state has seen the last of these growths. Its number can have been used before, its operation not. */
  async isAfter(live: StateKey, growths: readonly KeptGrowth[]): Promise<boolean> {
    const { growths: own = [] } = await this.#reader.meta(live)
    return own.at(-1)?.operation === growths.at(-1)?.operation
  }

  async #replace(state: StateKey, base: Version, pages: CheckpointPages): Promise<void> {
    const outcome = await this.#states.replace(state, base, pages)
    if (outcome !== 'replaced')
      throw new CliFailure(
        `${nameOf(state)} was not written (${outcome}): does another run of the command work on it? Run it again.`,
      )
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

async function* withHistory(pages: CheckpointPages, growths: readonly KeptGrowth[]): CheckpointPages {
  for await (const page of pages)
    yield page.map(part => (part.kind === 'meta' ? { ...part, meta: { ...part.meta, growths } } : part))
}
