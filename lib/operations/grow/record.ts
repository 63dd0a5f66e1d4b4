/** Record of the growths of a topic in Redis: the finished ones, and the progress of the present one. */
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

/** How far a growth is. Before `creating` it can be aborted. */
type Phase =
  /** Consumers are being stopped, and states are being copied. */
  | 'preparing'
  /** All states are prepared. */
  | 'staged'
  /** Kafka is being asked for the partitions: it may have them or not. */
  | 'creating'
  /** Kafka has the partitions; the states are being switched over. */
  | 'created'

/** A state that is prepared for a partition. */
export interface StagedState {
  readonly consumer: string
  readonly partition: number
  /** The version that the partition state must still have when it is replaced. */
  readonly version: Version
  /** The version of its next generation. */
  readonly next: Version
}

export interface Underway extends Operation {
  readonly by: string
  /** RFC 3339. */
  readonly startedAt: string
  readonly from: number
  readonly to: number
  /** The generation that the partitioning will have. */
  readonly generation: number
  readonly phase: Phase
  /** Consumers whose states move, and those without states by entity, which continue meanwhile. */
  readonly consumers: readonly string[]
  readonly except: readonly string[]
  /** Set once the states are prepared. */
  readonly states?: readonly StagedState[]
}

/** Returns true as long as a growth can be taken back. */
export function isOpen({ phase }: Underway): boolean {
  return phase === 'preparing' || phase === 'staged'
}

export class GrowthRecords extends Operations<Underway, KeptGrowths> {
  constructor(client: RedisClient, topic: string) {
    super(new RedisValue(client, growthsName(topic)), { growths: [] }, Date.now)
  }

  /** Adds growths that Redis has lost here, and that partition states know. */
  async recover(growths: readonly KeptGrowth[]): Promise<void> {
    await this.value.update(record => withGrowths(record, growths))
  }

  /**
   * Takes over a growth that can still be taken back, so that the run that works on it cannot ask Kafka for the partitions any
   * more. One that has come further is left to its run.
   *
   * @returns the growth that is under way
   */
  takeOver(): Promise<Underway | undefined> {
    return this.take(undefined, isOpen)
  }

  /** Says how far a growth is. @throws OperationFailure if another run has taken over */
  async reach(underway: Underway, ends?: readonly number[]): Promise<void> {
    const { operation, from, to, except, startedAt: at } = underway
    const grown = ({ growths }: KeptGrowths) => {
      const isNoted = ends === undefined || growths.some(one => one.operation === operation)
      return { growths: isNoted ? growths : [...growths, { operation, at, from, to, ends, except }] }
    }
    if (!(await this.note(underway, () => underway, grown)))
      throw new OperationFailure('Another run of the command has taken over, or has taken the growth back.')
  }
}
