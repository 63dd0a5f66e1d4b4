/** Finds partition states of all consumers by their keys. */
import type { StateKey } from '../../pipeline/model/partition-state.ts'
import type { RedisClient } from './client.ts'
import { buildKeys, REBUILD } from './keys.ts'
import { StateReader } from './state-reader.ts'

export interface ListedState extends StateKey {
  /** Last applied offset; -1 before the first record. */
  readonly appliedOffset: number
  readonly epoch: number
  readonly entities: number
  /** Server memory that all keys of the state use, in bytes, including those of its rebuild. */
  readonly bytes: number
}

/** State that was begun to be computed anew, and has not replaced the live one. */
export interface ListedRebuild extends StateKey {
  /** Server memory that its keys use, in bytes. */
  readonly bytes: number
}

/** Memory of a server, in bytes. */
interface ServerMemory {
  readonly used: number
  /** Limit; 0 if the server does not say it. */
  readonly most: number
  readonly states: readonly StateKey[]
}

/** Matches the keys that `buildKeys` returns. */
const KEY = /^\{(.+):([^:{}]+):(\d+)\}:(.+)$/

interface FoundState {
  readonly partitionState: StateKey
  readonly keys: Set<string>
}

type IsSelected = (stateKey: StateKey) => boolean

export class StateList {
  readonly #client: RedisClient

  constructor(client: RedisClient) {
    this.#client = client
  }

  /** Lists partition states, by consumer, topic and partition. Those that are not meant are not read. */
  async all(isSelected: IsSelected = () => true): Promise<ListedState[]> {
    const reader = new StateReader(this.#client)
    const listed: ListedState[] = []
    for (const { partitionState, keys } of await this.#found(isSelected)) {
      const { version } = await reader.meta(partitionState)
      const { entities } = await reader.counts(partitionState)
      listed.push({
        ...partitionState,
        appliedOffset: version.appliedOffset,
        epoch: version.epoch,
        entities,
        bytes: await this.#measure(keys),
      })
    }
    return listed
  }

  /** Lists the rebuilds that are under way or were interrupted, by consumer, topic and partition. */
  async rebuilds(isSelected: IsSelected = () => true): Promise<ListedRebuild[]> {
    const listed: ListedRebuild[] = []
    for (const { partitionState, keys } of await this.#found(isSelected, REBUILD))
      listed.push({ ...partitionState, bytes: await this.#measure(keys) })
    return listed
  }

  /** Returns the names of all partition states, by consumer, topic and partition, without reading them. */
  async names(): Promise<StateKey[]> {
    return (await this.#found(() => true)).map(({ partitionState }) => partitionState)
  }

  /** Returns how much memory each server uses and may use, and which of these states it has. */
  async memory(stateKeys: readonly StateKey[]): Promise<ServerMemory[]> {
    const found: ServerMemory[] = []
    for (const { run } of await this.#client.servers()) {
      const info = await run(redis => redis.info('memory')).catch(() => '')
      const [used = 0, most = 0] = [/^used_memory:(\d+)/m, /^maxmemory:(\d+)/m].map(line =>
        Number(line.exec(info)?.[1] ?? 0),
      )
      const states: StateKey[] = []
      for (const stateKey of stateKeys) {
        // Another node of a cluster refuses the key.
        const isThere = await run(redis => redis.exists(buildKeys(stateKey).meta)).catch(() => 0)
        if (isThere > 0) states.push(stateKey)
      }
      found.push({ used, most, states })
    }
    return found
  }

  /**
   * Removes partition states with all their keys, including the key that contains the epoch. Returns the number of removed states,
   * and reports progress.
   */
  async remove(isSelected: IsSelected, onRemoved: (removed: number) => void): Promise<number> {
    const own = await this.#found(isSelected)
    let removed = 0
    for (const { keys } of own) {
      // Another command may have removed it meanwhile.
      if ((await this.#client.run(redis => redis.unlink(...keys))) > 0) onRemoved(++removed)
    }
    return removed
  }

  async #measure(keys: ReadonlySet<string>): Promise<number> {
    let bytes = 0
    for (const key of keys) bytes += (await this.#client.run(redis => redis.memory('USAGE', key))) ?? 0
    return bytes
  }

  /** @param only `REBUILD` for the keys of rebuilds alone */
  async #found(isSelected: IsSelected, only = ''): Promise<FoundState[]> {
    const found = new Map<string, FoundState>()
    for await (const key of this.#client.keys(`{*:*:*}${only || ':'}*`)) {
      const [, consumer = '', topic = '', partition = '', part] = KEY.exec(key) ?? []
      if (part === undefined) continue
      const partitionState = { consumer, topic, partition: Number(partition) }
      const name = key.slice(0, -part.length)
      const state = found.get(name) ?? { partitionState, keys: new Set() }
      found.set(name, state)
      state.keys.add(key)
    }
    // Only states with a meta key are listed, because other applications may share the server.
    const states = [...found].filter(
      ([name, { partitionState, keys }]) =>
        isSelected(partitionState) && (only !== '' || keys.has(`${name}meta`)),
    )
    return states.map(([, state]) => state).sort((a, b) => byPlace(a.partitionState, b.partitionState))
  }
}

function byPlace(a: StateKey, b: StateKey): number {
  if (a.consumer !== b.consumer) return a.consumer < b.consumer ? -1 : 1
  if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1
  return a.partition - b.partition
}
