/** Stores the partition count increases of a topic in Redis: completed increases, and the progress of the current one. */
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

/** Progress of a growth. It can be reverted until the phase is `creating`. */
type Phase =
  /** The consumers are being stopped, and their states are being copied. */
  | 'preparing'
  /** All new states are prepared. */
  | 'staged'
  /** The partitions are being requested. Kafka may already have added them. */
  | 'creating'
  /** Kafka has added the partitions, and consumers are being switched to the new states. */
  | 'created'

/** Prepared state of a partition. */
export interface StagedState {
  readonly consumer: string
  readonly partition: number
  /** Version of the live state when it was copied. The live state must still have this version when it is replaced. */
  readonly version: Version
  /** Version of the prepared state. */
  readonly next: Version
}

export interface Underway extends Operation {
  readonly by: string
  /** Time at which the growth was started, RFC 3339. */
  readonly startedAt: string
  readonly from: number
  readonly to: number
  /** Number of this growth. The first increase of the topic's partition count has the number 1. */
  readonly generation: number
  readonly phase: Phase
  /**
   * Consumers whose states are moved. `except` lists consumers that store nothing by entity, and that continue during the growth.
   */
  readonly consumers: readonly string[]
  readonly except: readonly string[]
  /** Prepared states; absent until all states are prepared. */
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

  /** Adds increases that Redis has lost from this record, but that partition states still contain. */
  async recover(growths: readonly KeptGrowth[]): Promise<void> {
    await this.value.update(record => withGrowths(record, growths))
  }

  /**
   * Takes over an unfinished growth if it can still be reverted. The previous run can then no longer request the partitions. A
   * growth that cannot be reverted is not taken over.
   *
   * @returns the unfinished growth, if any
   */
  takeOver(): Promise<Underway | undefined> {
    return this.take(undefined, isOpen)
  }

  /**
   * Stores the progress of a growth.
   *
   * @throws OperationFailure if another run has taken over or reverted the growth
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
