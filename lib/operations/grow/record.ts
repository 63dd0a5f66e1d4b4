/** Record in Redis of the increases of a topic's partition count: the completed ones, and the progress of the current one. */
import type { RedisClient } from '../../../packages/runtime/adapters/redis/client.ts'
import { RedisValue } from '../../../packages/runtime/adapters/redis/value.ts'
import { type Operation, Operations } from '../../../packages/runtime/pipeline/generations/operations.ts'
import {
  growthsName,
  type KeptGrowths,
  withGrowths,
} from '../../../packages/runtime/pipeline/growth/history.ts'
import type { KeptGrowth, Version } from '../../../packages/runtime/pipeline/model.ts'
import { OperationFailure } from '../failure.ts'

/** Progress of a growth. It can be reverted before `creating`. */
type Phase =
  /** Consumers are being stopped, and states are being copied. */
  | 'preparing'
  /** All states are prepared. */
  | 'staged'
  /** The partitions are being requested, and Kafka may already have added them. */
  | 'creating'
  /** Kafka has added the partitions; the states are being switched. */
  | 'created'

/** State that is prepared for a partition. */
export interface StagedState {
  readonly consumer: string
  readonly partition: number
  /** Version that the partition state must still have when it is replaced. */
  readonly version: Version
  /** Version of the prepared state. */
  readonly next: Version
}

export interface Underway extends Operation {
  readonly by: string
  /** Start of the growth, RFC 3339. */
  readonly startedAt: string
  readonly from: number
  readonly to: number
  /** Number of this growth: 1 for the first increase of the topic's partition count. */
  readonly generation: number
  readonly phase: Phase
  /** Consumers whose states move. `except` are those without states by entity, which continue meanwhile. */
  readonly consumers: readonly string[]
  readonly except: readonly string[]
  /** Prepared states; present once all are prepared. */
  readonly states?: readonly StagedState[]
}

/** Returns whether a growth can still be reverted. */
export function isOpen({ phase }: Underway): boolean {
  return phase === 'preparing' || phase === 'staged'
}

export class GrowthRecords extends Operations<Underway, KeptGrowths> {
  constructor(client: RedisClient, topic: string) {
    super(new RedisValue(client, growthsName(topic)), { growths: [] }, Date.now)
  }

  /** Adds increases that partition states contain but Redis has lost here. */
  async recover(growths: readonly KeptGrowth[]): Promise<void> {
    await this.value.update(record => withGrowths(record, growths))
  }

  /**
   * Takes over a growth that can still be reverted, so that its previous run cannot request the partitions
   * from Kafka any more. A growth that has progressed further is left to its run.
   *
   * @returns the unfinished growth
   */
  takeOver(): Promise<Underway | undefined> {
    return this.take(undefined, isOpen)
  }

  /**
   * Stores the progress of a growth.
   *
   * @throws OperationFailure if another run has taken over
   */
  async reach(underway: Underway, ends?: readonly number[]): Promise<void> {
    const { operation, from, to, except, startedAt: at } = underway
    const grown = ({ growths }: KeptGrowths) => {
      const isNoted = ends === undefined || growths.some(one => one.operation === operation)
      return { growths: isNoted ? growths : [...growths, { operation, at, from, to, ends, except }] }
    }
    if (!(await this.note(underway, () => underway, grown)))
      throw new OperationFailure('Another run of the command has taken over, or has reverted the growth.')
  }
}
