import { CopyStopped } from '../../pipeline/errors.ts'
import type { Fence } from '../../pipeline/generations/fence.ts'
import type {
  Builder,
  Built,
  CopyName,
  Fenced,
  Generations,
  Purpose,
  StateFacts,
  SwitchExpectation,
  SwitchOutcome,
} from '../../pipeline/generations/generations.ts'
import type { FormerStates } from '../../pipeline/loading/former-states.ts'
import type {
  OutboxEntry,
  RememberedFailure,
  RememberedId,
  StateKey,
  StoredContext,
  StoredTimer,
} from '../../pipeline/model.ts'
import type { StateStore } from '../../pipeline/ports.ts'
import type { CheckpointMeta, CheckpointPages } from '../../pipeline/recovery/checkpoints.ts'
import { build, GENERATION, own } from './building.ts'
import type { RedisClient } from './client.ts'
import { keysOf, prefixOf } from './keys.ts'
import { packed } from './message-pack.ts'
import { readMeta } from './meta.ts'
import { switchRequest } from './requests.ts'
import { EVICTED_PART, lua, PARTITION_STATE, script } from './scripts.ts'
import { checkpointMetaOf, StateReader } from './state-reader.ts'
import { RedisStateStore } from './state-store.ts'

export const SWITCH_GENERATION = script(...GENERATION, EVICTED_PART, lua('switch-generation'))
export const FENCE = script(PARTITION_STATE, lua('fence'))

/**
 * Next generations of partition states in Redis. A next generation is in the same hash slot as the live state, so that a single
 * script can replace the live state with it.
 */
export class RedisGenerations implements Generations, FormerStates {
  readonly #client: RedisClient

  constructor(client: RedisClient) {
    this.#client = client
  }

  async facts(partitionState: StateKey, copy?: CopyName): Promise<StateFacts> {
    const meta = await this.#reader(copy).meta(partitionState)
    // A generation has no epoch until it is complete.
    return copy && meta.version.epoch === 0 ? readMeta({}) : meta
  }

  async purpose(partitionState: StateKey): Promise<Purpose | undefined> {
    const { version } = await this.facts(partitionState, 'next')
    const key = prefixOf(partitionState, 'next')
    const kind = await this.#client.run(redis => redis.hget(key, 'kind'))
    return version.epoch > 0 && kind !== null ? (kind as Purpose) : undefined
  }

  states(partitionState: StateKey, copy?: CopyName): AsyncIterable<readonly [string, string]> {
    return this.#reader(copy).states(partitionState)
  }

  timers(partitionState: StateKey): AsyncIterable<readonly [string, readonly StoredTimer[]]> {
    return this.#reader(undefined).timers(partitionState)
  }

  async meta(partitionState: StateKey): Promise<CheckpointMeta> {
    return checkpointMetaOf(await this.#reader(undefined).meta(partitionState))
  }

  outbox(partitionState: StateKey): AsyncIterable<OutboxEntry> {
    return this.#reader(undefined).outbox(partitionState)
  }

  failures(partitionState: StateKey, copy?: CopyName): AsyncIterable<RememberedFailure> {
    return this.#reader(copy).failures(partitionState)
  }

  async *ids(partitionState: StateKey, copy?: CopyName): AsyncGenerator<RememberedId> {
    const reader = this.#reader(copy)
    yield* reader.ids(partitionState, await reader.meta(partitionState))
  }

  context(partitionState: StateKey): Promise<StoredContext | undefined> {
    return this.#reader(undefined).context(partitionState)
  }

  build(partitionState: StateKey, builder: Builder, pages: CheckpointPages): Promise<Built> {
    return build(this.#client, partitionState, builder, pages)
  }

  async claim(partitionState: StateKey, kind: Purpose): Promise<number | undefined> {
    try {
      return await own(this.#client, partitionState, { act: 'claim', kind, attempt: 0, nowMs: Date.now() })
    } catch (error) {
      if (error instanceof CopyStopped) return undefined
      throw error
    }
  }

  store(): StateStore {
    return new RedisStateStore(this.#client, 'next')
  }

  async drop(partitionState: StateKey, builder: Builder): Promise<void> {
    await own(this.#client, partitionState, { act: 'drop', ...builder })
  }

  async fence(partitionState: StateKey, fence: Fence, forMs: number): Promise<Fenced> {
    const arguments_ = [JSON.stringify(fence), forMs]
    const reply = await this.#client.eval(FENCE, [keysOf(partitionState).meta], arguments_)
    const [epoch, appliedOffset, fired, stands] = reply as [number, number, number, Buffer]
    return { version: { epoch, appliedOffset, fired }, fence: JSON.parse(String(stands)) }
  }

  async unfence(partitionState: StateKey, fence: Fence): Promise<void> {
    await this.#client.eval(FENCE, [keysOf(partitionState).meta], [JSON.stringify(fence), ''])
  }

  async switchOver(partitionState: StateKey, expected: SwitchExpectation): Promise<SwitchOutcome> {
    const request = packed(switchRequest(expected))
    const reply = await this.#client.eval(SWITCH_GENERATION, [prefixOf(partitionState)], [request])
    if (!Array.isArray(reply)) return { kind: String(reply) as Exclude<SwitchOutcome['kind'], 'switched'> }
    const [epoch, replacedOffset] = reply as [number, number]
    return { kind: 'switched', epoch, replacedOffset }
  }

  #reader(copy: CopyName | undefined): StateReader {
    return new StateReader(this.#client, copy)
  }
}
