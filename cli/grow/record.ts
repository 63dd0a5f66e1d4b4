/** What Redis keeps of the growths of a topic: those that are over, and how far one has come that is under way. */
import type { RedisClient } from '../../packages/runtime/adapters/redis/client.ts'
import { RedisValue } from '../../packages/runtime/adapters/redis/value.ts'
import {
  growthsName,
  type KeptGrowths,
  withGrowths,
} from '../../packages/runtime/pipeline/growing/history.ts'
import type { KeptGrowth, StateKey, Version } from '../../packages/runtime/pipeline/model.ts'
import { CliFailure } from '../failure.ts'
import type { Sizes } from './staged.ts'

/** How far a growth is. Before `creating` it can be aborted. */
type Phase =
  /** Consumers are being stopped, and states are being copied. */
  | 'preparing'
  /** All states are laid ready. */
  | 'staged'
  /** Kafka is being asked for the partitions: it may have them or not. */
  | 'creating'
  /** Kafka has the partitions; the states are being switched over. */
  | 'created'

/** A state that is laid ready for a partition. */
export interface StagedState {
  /** Where it lies. */
  readonly at: StateKey
  readonly consumer: string
  readonly partition: number
  /** The version that the partition state must still have when it is replaced. */
  readonly version: Version
  readonly sizes: Sizes
}

export interface Underway {
  readonly operation: string
  /** The run of the command that works on it; a later run takes over. */
  readonly run: string
  readonly by: string
  /** RFC 3339. */
  readonly startedAt: string
  readonly from: number
  readonly to: number
  /** The generation that the partitioning will have. */
  readonly generation: number
  readonly phase: Phase
  /** Those whose states move, and those that keep nothing by entity and go on meanwhile. */
  readonly consumers: readonly string[]
  readonly except: readonly string[]
  /** Set once the states are laid ready. */
  readonly states?: readonly StagedState[]
}

export interface GrowthRecord extends KeptGrowths {
  readonly underway?: Underway
}

export class GrowthRecords {
  readonly #value: RedisValue<GrowthRecord>

  constructor(client: RedisClient, topic: string) {
    this.#value = new RedisValue(client, growthsName(topic))
  }

  async read(): Promise<GrowthRecord> {
    return (await this.#value.read()) ?? { growths: [] }
  }

  /** Adds growths that Redis has lost here, and that partition states know. */
  async recover(growths: readonly KeptGrowth[]): Promise<void> {
    await this.#value.update(record => withGrowths(record, growths))
  }

  /** Says that a run begins a growth, or takes over what another one began. @returns what it works on */
  async take(begin: Underway, run: string): Promise<Underway> {
    const { underway = begin } = await this.#value.update((record = { growths: [] }) => {
      return { ...record, underway: { ...(record.underway ?? begin), run } }
    })
    return underway
  }

  /**
   * Takes over a growth that can still be taken back, so that the run that works on it cannot ask Kafka for the partitions any
   * more. One that has come further is left to its run.
   *
   * @returns the growth that is under way; it has the given run if it was taken over
   */
  async takeOver(run: string): Promise<Underway | undefined> {
    const { underway } = await this.#value.update((record = { growths: [] }) => {
      const { underway } = record
      const isOpen = underway?.phase === 'preparing' || underway?.phase === 'staged'
      return isOpen ? { ...record, underway: { ...underway, run } } : record
    })
    return underway
  }

  /** Whether this run still works on the growth. */
  async isOwn({ run, operation }: Underway): Promise<boolean> {
    const { underway } = await this.read()
    return underway?.run === run && underway.operation === operation
  }

  /** Says how far a growth is. @throws CliFailure if another run has taken over */
  async note(underway: Underway, ends?: readonly number[]): Promise<void> {
    const { operation, from, to, run, except, startedAt: at } = underway
    await this.#value.update((record = { growths: [] }) => {
      if (record.underway?.operation !== operation || record.underway.run !== run)
        throw new CliFailure('Another run of the command has taken over, or has taken the growth back.')
      const isNoted = ends === undefined || record.growths.some(one => one.operation === operation)
      const growths = isNoted
        ? record.growths
        : [...record.growths, { operation, at, from, to, ends, except }]
      return { growths, underway }
    })
  }

  /** The growth is over, or it was aborted. */
  async end(operation: string): Promise<void> {
    await this.#value.update((record = { growths: [] }) =>
      record.underway?.operation === operation ? { growths: record.growths } : record,
    )
  }
}

/** What the names begin with under which states of a topic are laid ready. No topic of Kafka can have such a name. */
export function stagedPrefix(topic: string): string {
  return `${topic}~`
}

/** Where a run lays the state of a partition ready: one that was taken over does not disturb the next. */
export function stagedKey(topic: string, run: string, { consumer, partition }: StateKey): StateKey {
  return { consumer, topic: stagedPrefix(topic) + run, partition }
}
