/**
 * Prepares new states for a topic with more partitions, and switches from the live states to the new ones, partition by partition.
 */
import { CopyStopped } from '../../../packages/runtime/pipeline/errors.ts'
import type { SwitchExpectation } from '../../../packages/runtime/pipeline/generations/generations.ts'
import {
  type Growing,
  grownMeta,
  latestOf,
  partsFor,
  sourcesOf,
} from '../../../packages/runtime/pipeline/growth/repartition.ts'
import type {
  KeptGrowth,
  RememberedFailure,
  StateKey,
  Version,
} from '../../../packages/runtime/pipeline/model.ts'
import type {
  CheckpointPages,
  CheckpointPart,
} from '../../../packages/runtime/pipeline/recovery/checkpoints.ts'
import { OperationFailure } from '../failure.ts'
import { nameOf } from '../state-keys.ts'
import type { GrowingTopic } from './topic.ts'

export class StagedStates {
  readonly #reader: GrowingTopic['reader']
  readonly #states: GrowingTopic['states']
  readonly #generations: GrowingTopic['generations']

  constructor({ reader, states, generations }: Pick<GrowingTopic, 'reader' | 'states' | 'generations'>) {
    this.#reader = reader
    this.#states = states
    this.#generations = generations
  }

  /**
   * Prepares the new state of a partition. The old states must not change meanwhile.
   *
   * @param attempt number of the run that has fenced the states
   * @param old existing states, by partition
   */
  async stage(
    live: StateKey,
    attempt: number,
    old: readonly StateKey[],
    growing: Growing,
  ): Promise<{ readonly next: Version }> {
    try {
      const pages = this.#pages(live.partition, old, growing)
      return await this.#generations.build(live, { kind: 'growth', attempt }, pages)
    } catch (error) {
      throw error instanceof CopyStopped ? notWritten(live, error.why) : error
    }
  }

  /** Switches a partition to its prepared state, unless it was already switched. */
  async switchOver(live: StateKey, expected: Expected): Promise<void> {
    if (await this.isAfter(live, expected.growths)) return
    const { kind } = await this.#generations.switchOver(live, { ...expected, above: 0 })
    if (kind === 'switched') return
    if (kind !== 'overtaken' && kind !== 'incomplete') throw notWritten(live, kind)
    throw new OperationFailure(
      `Redis has lost a part of the prepared state of ${nameOf(live)}. Its state is unchanged by the growth: \`sluice state ` +
        'show` shows it. For every consumer, restore a checkpoint from before the growth, and run the command again.',
    )
  }

  /**
   * Returns whether a partition state contains the last of these increases. Increases are compared by the id of their operation,
   * because after a loss of data, a number can be used twice.
   */
  async isAfter(live: StateKey, growths: readonly KeptGrowth[]): Promise<boolean> {
    const { growths: own = [] } = await this.#reader.meta(live)
    return own.at(-1)?.operation === growths.at(-1)?.operation
  }

  async *#pages(target: number, old: readonly StateKey[], growing: Growing): CheckpointPages {
    yield [{ kind: 'meta', meta: grownMeta(target, growing) }]
    const failures: RememberedFailure[] = []
    for (const source of sourcesOf(target, growing)) {
      const taken = await this.#states.take(old[source.partition] as StateKey)
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

/** Required condition of a switch. `growths` lists the topic's partition count increases, the current one last. */
type Expected = Required<Pick<SwitchExpectation, 'next' | 'fence' | 'growths'>> & { readonly live: Version }

function notWritten(state: StateKey, why: string): OperationFailure {
  return new OperationFailure(
    `${nameOf(state)} was not written (${why}): another run of the command may be working on it. Run the command again.`,
  )
}
