import type { StateKey, Version } from '../../pipeline/model/partition-state.ts'
import type { Change, LoadSelection, Snapshot } from '../../pipeline/model/snapshot.ts'
import type { StateStore } from '../../pipeline/ports.ts'
import type { Fence } from '../../pipeline/replacing/fence.ts'
import type {
  BegunRebuild,
  ComputedStates,
  Fenced,
  Rebuild,
  Rebuilds,
  ReplaceableStates,
  ReplacementConditions,
  ReplacementOutcome,
} from '../../pipeline/replacing/replaceable-states.ts'
import type { LiveStates } from '../../pipeline/verifying/both-states.ts'
import type { RedisClient } from './client.ts'
import { buildKeys, buildPrefix, REBUILD } from './keys.ts'
import { pack } from './message-pack.ts'
import type { RebuildRequest, ReplaceRequest } from './script-requests.ts'
import { EVICTED_PART, lua, PARTITION_STATE, script } from './scripts.ts'
import { StateReader } from './state-reader.ts'
import { RedisStateStore } from './state-store.ts'

const STATE_PARTS = [PARTITION_STATE, lua('state-parts'), EVICTED_PART]
const REPLACE_STATE = script(...STATE_PARTS, lua('replace-state'))
const REBUILD_STATE = script(...STATE_PARTS, lua('rebuild'))
const FENCE = script(PARTITION_STATE, lua('fence'))

/** Read-only access to the live states in Redis, for comparisons. */
export class RedisLiveStates extends StateReader implements LiveStates {
  protected readonly store: RedisStateStore

  /** @param part `REBUILD` for the rebuilds of the states; by default, the live states */
  constructor(client: RedisClient, part = '') {
    super(client, part)
    this.store = new RedisStateStore(client, part)
  }

  load(stateKey: StateKey, wanted: LoadSelection): Promise<Snapshot> {
    return this.store.load(stateKey, wanted)
  }
}

/**
 * Partition states in Redis. A rebuild is in the same hash slot as the live state, so that a single script can replace the live state
 * with it.
 */
export class RedisReplaceableStates extends RedisLiveStates implements ReplaceableStates {
  readonly rebuilds: Rebuilds
  readonly #client: RedisClient

  constructor(client: RedisClient) {
    super(client)
    this.#client = client
    this.rebuilds = new RedisRebuilds(client)
  }

  async fence(stateKey: StateKey, fence: Fence, forMs: number): Promise<Fenced> {
    const arguments_ = [JSON.stringify(fence), forMs]
    const reply = await this.#client.eval(FENCE, [buildKeys(stateKey).meta], arguments_)
    const [epoch, appliedOffset, fired, stands] = reply as [number, number, number, Buffer]
    return { version: { epoch, appliedOffset, fired }, fence: JSON.parse(String(stands)) }
  }

  async unfence(stateKey: StateKey, fence: Fence): Promise<void> {
    await this.#client.eval(FENCE, [buildKeys(stateKey).meta], [JSON.stringify(fence), ''])
  }

  async replace(
    stateKey: StateKey,
    { live, run, rebuild }: ReplacementConditions,
  ): Promise<ReplacementOutcome> {
    const { code, startOffset: codeFrom } = rebuild
    const request = { base: { ...live }, run, code, codeFrom, rebuild: JSON.stringify(rebuild) }
    const reply = await this.#replace(stateKey, request)
    if (typeof reply === 'number') return { kind: 'replaced', epoch: reply }
    return { kind: String(reply) as Exclude<ReplacementOutcome['kind'], 'replaced'> }
  }

  async empty(stateKey: StateKey, base?: Version): Promise<boolean> {
    return typeof (await this.#replace(stateKey, { base: base && { ...base } })) === 'number'
  }

  #replace(stateKey: StateKey, request: ReplaceRequest): Promise<unknown> {
    return this.#client.eval(REPLACE_STATE, [buildPrefix(stateKey)], [pack(request)])
  }
}

class RebuiltStates extends RedisLiveStates implements ComputedStates {
  commit(stateKey: StateKey, change: Change): ReturnType<StateStore['commit']> {
    return this.store.commit(stateKey, change)
  }

  trimOutbox(stateKey: StateKey, positions: readonly string[]): Promise<void> {
    return this.store.trimOutbox(stateKey, positions)
  }
}

class RedisRebuilds implements Rebuilds {
  readonly states: ComputedStates
  readonly #client: RedisClient

  constructor(client: RedisClient) {
    this.#client = client
    this.states = new RebuiltStates(client, REBUILD)
  }

  async find(stateKey: StateKey): Promise<Rebuild | undefined> {
    const text = await this.#client.run(redis => redis.hget(buildPrefix(stateKey) + REBUILD, 'rebuild'))
    return text === null ? undefined : JSON.parse(text)
  }

  async begin(stateKey: StateKey, rebuild: Rebuild, nowMs: number): Promise<BegunRebuild> {
    const reply = await this.#request(stateKey, { act: 'begin', rebuild: JSON.stringify(rebuild), nowMs })
    const [run, continues] = reply as [number, number]
    return { run, continues: continues === 1 }
  }

  async describe(stateKey: StateKey, rebuild: Rebuild, run: number): Promise<void> {
    await this.#request(stateKey, { act: 'describe', rebuild: JSON.stringify(rebuild), run })
  }

  async abandon(stateKey: StateKey): Promise<boolean> {
    return (await this.#request(stateKey, { act: 'remove' })) === 1
  }

  #request(stateKey: StateKey, request: RebuildRequest): Promise<unknown> {
    return this.#client.eval(REBUILD_STATE, [buildPrefix(stateKey)], [pack(request)])
  }
}
