/** Topic that can grow, for tests of `Growth`. Kafka, Redis and checkpoints are in memory. */
import { GrowingTopic } from '../../lib/operations/grow/topic.ts'
import { MemoryStateStore } from '../../packages/runtime/adapters/memory/state-store.ts'
import type { RedisClient } from '../../packages/runtime/adapters/redis/client.ts'
import { COMPARE_AND_SET, type Script } from '../../packages/runtime/adapters/redis/scripts.ts'
import type { LogRecord } from '../../packages/runtime/cloudevents/record.ts'
import type { Fence } from '../../packages/runtime/pipeline/generations/fence.ts'
import { growthsName, withGrowths } from '../../packages/runtime/pipeline/growth/history.ts'
import type {
  KeptGrowth,
  Partitioning,
  RememberedFailure,
  StateKey,
  StoredContext,
  StoredTimer,
  Version,
} from '../../packages/runtime/pipeline/model.ts'
import type { Recovery } from '../../packages/runtime/pipeline/recovery/checkpoints.ts'
import { takeCheckpoints } from '../../packages/runtime/pipeline/recovery/take-checkpoints.ts'
import { MemoryCheckpointStore } from '../../packages/runtime/testing/checkpoint-store.ts'
import { MemoryForwardCursors } from '../../packages/runtime/testing/forward-cursors.ts'
import { MemoryLogReader } from '../../packages/runtime/testing/log-reader.ts'
import { MemoryGenerations } from './memory-generations.ts'

/** In-memory broker with one topic. */
export class MemoryBroker {
  partitions: number
  /** Called before the requested partitions are added, so that a test can act in between. */
  meanwhile = async (): Promise<void> => {}
  readonly #ends: (partition: number) => number

  constructor(partitions: number, ends: (partition: number) => number = () => 0) {
    this.partitions = partitions
    this.#ends = ends
  }

  offsets(): { start: number; end: number }[] {
    return Array.from({ length: this.partitions }, (_, partition) => ({
      start: 0,
      end: this.#ends(partition),
    }))
  }

  get kafka(): never {
    const admin = {
      connect: async () => {},
      disconnect: async () => {},
      fetchTopicMetadata: async () => ({ topics: [{ partitions: this.offsets() }] }),
      fetchTopicOffsets: async () => this.offsets(),
      createPartitions: async ({ topicPartitions: [asked] }: { topicPartitions: { count: number }[] }) => {
        await this.meanwhile()
        this.partitions = asked?.count ?? 0
      },
    }
    return { admin: () => admin } as never
  }
}

/** A partition state in the memory store. */
interface MemoryState {
  version: Version
  partitioning?: Partitioning
  growths?: readonly KeptGrowth[]
  fence?: Fence
  readonly context?: StoredContext
  readonly states: ReadonlyMap<string, string>
  readonly timers: ReadonlyMap<string, readonly StoredTimer[]>
  readonly ids: ReadonlyMap<string, unknown>
  readonly failures: ReadonlyMap<string, RememberedFailure>
  readonly outbox: ReadonlyMap<string, unknown>
  readonly tally: ReadonlyMap<string, number>
}

export class MemoryTopic {
  readonly name: string
  readonly log: LogRecord[] = []
  readonly broker: MemoryBroker
  /** Consumers of the topic. */
  consumers: readonly string[]
  refusesCheckpoints = false
  readonly #checkpoints = new MemoryCheckpointStore()
  #store = new MemoryStateStore()
  /** Values in Redis that are not partition states. */
  #values = new Map<string, string>()
  /** Growths that were recorded before the values in Redis were lost. */
  #lost: readonly KeptGrowth[] | undefined
  #nowMs = 0

  constructor(name: string, partitions: number, consumers: readonly string[]) {
    this.name = name
    this.consumers = consumers
    this.broker = new MemoryBroker(partitions, partition => this.#end(partition))
  }

  get store(): MemoryStateStore {
    return this.#store
  }

  get recovery(): Recovery {
    return { checkpoints: this.#checkpoints, states: this.#store }
  }

  get client(): RedisClient {
    const read = (key: string) => this.#value(key)
    return {
      run: async (command: (redis: unknown) => unknown) =>
        command({
          get: async (key: string) => read(key) ?? null,
          set: async (key: string, value: string) => void this.#values.set(key, value),
        }),
      eval: async (script: Script, [key = '']: readonly string[], [before, next = '']: readonly string[]) => {
        if (script !== COMPARE_AND_SET) throw new Error('a script that needs a server')
        if ((read(key) ?? '') !== before) return 0
        this.#values.set(key, next)
        return 1
      },
    } as unknown as RedisClient
  }

  /** Returns the topic in the form that a growth uses. Call this again after `flush`. */
  get growing(): GrowingTopic {
    const { client, broker } = this
    const bounds = { bounds: async (name: string) => (name === this.name ? broker.offsets() : []) }
    const has = async (state: StateKey) => (await this.#checkpoints.list(state)).length > 0
    const kept = { readers: this.consumers, has, take: (states: readonly StateKey[]) => this.#take(states) }
    const log = new MemoryLogReader(this.log)
    const servers = { client, kafka: broker.kafka, log, bounds: bounds as never, kept }
    return Object.assign(new GrowingTopic(servers, 'test', this.name), {
      reader: this.#reader,
      states: this.#store,
      generations: new MemoryGenerations(this.#store),
      cursors: new MemoryForwardCursors(),
      consumers: async () => this.consumers,
    } as object)
  }

  /** Appends a record at the next offset of its partition. */
  append(record: Omit<LogRecord, 'offset' | 'topic'>): LogRecord {
    const appended = { ...record, topic: this.name, offset: this.#end(record.partition) }
    this.log.push(appended)
    return appended
  }

  /** Writes a checkpoint of each state. */
  checkpoint(): Promise<void> {
    return this.#take(this.consumers.flatMap(name => this.#keys(name)))
  }

  /** Simulates the loss of a partition state in Redis. */
  lose(key: StateKey): void {
    this.#store.restore(key, undefined)
  }

  /** Simulates the loss of all values in Redis except the partition states. */
  loseValues(): void {
    this.#values = new Map()
    this.#lost = this.#store.growths(this.name)
  }

  /** Simulates the loss of all data in Redis. */
  flush(): void {
    this.#store = new MemoryStateStore()
    this.#values = new Map()
    this.#lost = undefined
  }

  key(consumer: string, partition: number): StateKey {
    return { consumer, topic: this.name, partition }
  }

  held(key: StateKey): MemoryState {
    return this.#store.copyOf(key) as MemoryState
  }

  #keys(consumer: string): StateKey[] {
    return Array.from({ length: this.broker.partitions }, (_, partition) => this.key(consumer, partition))
  }

  #end(partition: number): number {
    return this.log.filter(record => record.partition === partition).length
  }

  /** Returns a value. Growths are added from the state store, because a restore in memory does not write them to Redis. */
  #value(key: string): string | undefined {
    const value = this.#values.get(key)
    if (key !== `{${growthsName(this.name)}}:value`) return value
    const noted = this.#store.growths(this.name)
    const growths = noted === this.#lost ? [] : noted
    if (value === undefined && growths.length === 0) return undefined
    return JSON.stringify(withGrowths(value === undefined ? undefined : JSON.parse(value), growths))
  }

  async #take(states: readonly StateKey[]): Promise<void> {
    this.#nowMs += 1
    const options = { kept: 4, nowMs: () => this.#nowMs, remainingMs: () => 60_000, reserveMs: 0 }
    const { notTaken } = await takeCheckpoints(this.recovery, states, options)
    if (notTaken.length > 0 || this.refusesCheckpoints) throw new Error('a state has no checkpoint')
  }

  get #reader(): object {
    return {
      meta: async (key: StateKey) => {
        const { states: _s, timers: _t, ids: _i, failures, outbox: _o, context: _c, ...held } = this.held(key)
        const { tally, ...meta } = held
        const failureMemory = { bytes: failures.size, forgotten: 0 }
        return { ...meta, tally: Object.fromEntries(tally), failureMemory }
      },
      counts: async (key: StateKey) => {
        const { states, outbox } = this.held(key)
        return { entities: states.size, outbox: outbox.size }
      },
      idCount: async (key: StateKey) => this.held(key).ids.size,
      context: async (key: StateKey) => this.held(key).context,
      states: async function* (this: MemoryTopic, key: StateKey) {
        yield* this.held(key).states
      }.bind(this),
      timers: async function* (this: MemoryTopic, key: StateKey) {
        yield* this.held(key).timers
      }.bind(this),
      failures: async function* (this: MemoryTopic, key: StateKey) {
        yield* this.held(key).failures.values()
      }.bind(this),
    }
  }
}
