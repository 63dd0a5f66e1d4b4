/** Topic whose partition count is increased, with its partition states and its log. */

import type { Kafka } from '../../../packages/runtime/adapters/kafka/client.ts'
import { partitionCount } from '../../../packages/runtime/adapters/kafka/grow-topic.ts'
import type { RedisClient } from '../../../packages/runtime/adapters/redis/client.ts'
import { RedisForwardCursors } from '../../../packages/runtime/adapters/redis/forward-cursors.ts'
import { RedisGenerations } from '../../../packages/runtime/adapters/redis/generations.ts'
import { RedisPartitionStates } from '../../../packages/runtime/adapters/redis/partition-states.ts'
import { StateList } from '../../../packages/runtime/adapters/redis/state-list.ts'
import { type StateMeta, StateReader } from '../../../packages/runtime/adapters/redis/state-reader.ts'
import { type Fence, isOwnFence } from '../../../packages/runtime/pipeline/generations/fence.ts'
import type { Generations } from '../../../packages/runtime/pipeline/generations/generations.ts'
import type { StateKey, Version } from '../../../packages/runtime/pipeline/model.ts'
import type { Cursors, LogBounds, LogReader } from '../../../packages/runtime/pipeline/ports.ts'
import type { PartitionStates } from '../../../packages/runtime/pipeline/recovery/checkpoints.ts'
import { signals, topicName } from '../../app/topics.ts'
import { OperationFailure } from '../failure.ts'
import { nameOf } from '../state-keys.ts'

/** Connections that a growth uses. */
export interface Servers {
  readonly client: RedisClient
  readonly kafka: Kafka
  readonly log: LogReader
  readonly bounds: LogBounds
  /** Access to the checkpoints; absent if no checkpoints are taken. */
  readonly kept?: KeptStates
}

/** Access to the checkpoints of the topic's partition states. */
export interface KeptStates {
  /** Consumers that read the topic, including consumers without a state in Redis. */
  readonly readers: readonly string[]
  has(partitionState: StateKey): Promise<boolean>
  /**
   * Takes a checkpoint of each existing state.
   *
   * @throws OperationFailure if a checkpoint could not be taken
   */
  take(partitionStates: readonly StateKey[]): Promise<void>
}

/** Returns the fence by which a run of the command stops commits to partition states. */
export function growthFence({ to, attempt }: { readonly to: number; readonly attempt: number }): Fence {
  return { why: 'topic-growing', attempt, partitions: to }
}

export class GrowingTopic {
  readonly servers: Servers
  readonly env: string
  readonly name: string
  readonly reader: StateReader
  readonly states: PartitionStates
  readonly generations: Generations
  readonly cursors: Cursors

  /** @param name name of the topic in Kafka */
  constructor(servers: Servers, env: string, name: string) {
    this.servers = servers
    this.env = env
    this.name = name
    this.reader = new StateReader(servers.client)
    this.states = new RedisPartitionStates(servers.client)
    this.generations = new RedisGenerations(servers.client)
    this.cursors = new RedisForwardCursors(servers.client)
  }

  /** Returns the current partition count in Kafka. */
  partitions(): Promise<number> {
    return partitionCount(this.servers.kafka, this.name)
  }

  /**
   * Returns the consumers that have a state of the topic, and all consumers that read it. The latter are included because Redis may
   * have lost their states.
   */
  async consumers(): Promise<string[]> {
    const names = await new StateList(this.servers.client).names()
    const own = names.filter(({ topic }) => topic === this.name)
    const { readers = [] } = this.servers.kept ?? {}
    return [...new Set([...readers, ...own.map(({ consumer }) => consumer)])].sort()
  }

  keyOf(consumer: string, partition: number): StateKey {
    return { consumer, topic: this.name, partition }
  }

  /** Returns the keys of a consumer's states for the first `partitions` partitions. */
  keysOf(consumer: string, partitions: number): StateKey[] {
    return Array.from({ length: partitions }, (_, partition) => this.keyOf(consumer, partition))
  }

  meta(consumer: string, partition: number): Promise<StateMeta> {
    return this.reader.meta(this.keyOf(consumer, partition))
  }

  /**
   * Stops commits to a partition state while the topic grows. The fence of an earlier run is taken over.
   *
   * @returns the version of the state, which can no longer change
   * @throws OperationFailure if the state is fenced for another reason, or by a later run
   */
  async fence(live: StateKey, own: Fence): Promise<Version> {
    const { version, fence } = await this.generations.fence(live, own)
    if (isOwnFence(fence, own)) return version
    if (fence.why === own.why && fence.partitions === own.partitions)
      throw new OperationFailure('Another run of the command has taken over.')
    throw new OperationFailure(
      `${nameOf(live)} is already fenced (${fence.why}, ${fence.partitions ?? 'no'} partitions): try again later.`,
    )
  }

  /** Signal of the topic in this environment; undefined for any other topic. */
  get signal() {
    return signals().find(signal => topicName(signal, this.env) === this.name)
  }
}
