import type { RememberedFailure } from '../../pipeline/model/failure-memory.ts'
import type {
  RememberedId,
  StateKey,
  StoredContext,
  StoredTimer,
} from '../../pipeline/model/partition-state.ts'
import type { Fence } from '../../pipeline/replacing/fence.ts'
import type {
  Fenced,
  ReplaceableStates,
  ReplacementConditions,
  ReplacementOutcome,
  Staged,
  StateFacts,
} from '../../pipeline/replacing/replaceable-states.ts'
import type { StatePages } from '../../pipeline/replacing/state-parts.ts'
import type { RedisClient } from './client.ts'
import { buildKeys, buildPrefix } from './keys.ts'
import { pack } from './message-pack.ts'
import { replaceRequest } from './script-requests.ts'
import { EVICTED_PART, lua, PARTITION_STATE, script } from './scripts.ts'
import { requestStage, STAGED_STATE, stage } from './stage-state.ts'
import { StateReader } from './state-reader.ts'

const REPLACE_STATE = script(...STAGED_STATE, EVICTED_PART, lua('replace-state'))
const FENCE = script(PARTITION_STATE, lua('fence'))

/**
 * Partition states in Redis. Staged contents are in the same hash slot as the live state, so that a single script can replace the
 * live state with them.
 */
export class RedisReplaceableStates implements ReplaceableStates {
  readonly #client: RedisClient
  readonly #reader: StateReader

  constructor(client: RedisClient) {
    this.#client = client
    this.#reader = new StateReader(client)
  }

  facts(partitionState: StateKey): Promise<StateFacts> {
    return this.#reader.meta(partitionState)
  }

  states(partitionState: StateKey): AsyncIterable<readonly [string, string]> {
    return this.#reader.states(partitionState)
  }

  timers(partitionState: StateKey): AsyncIterable<readonly [string, readonly StoredTimer[]]> {
    return this.#reader.timers(partitionState)
  }

  failures(partitionState: StateKey): AsyncIterable<RememberedFailure> {
    return this.#reader.failures(partitionState)
  }

  async *ids(partitionState: StateKey): AsyncGenerator<RememberedId> {
    yield* this.#reader.ids(partitionState, await this.#reader.meta(partitionState))
  }

  context(partitionState: StateKey): Promise<StoredContext | undefined> {
    return this.#reader.context(partitionState)
  }

  stage(partitionState: StateKey, pages: StatePages): Promise<Staged> {
    return stage(this.#client, partitionState, pages)
  }

  async unstage(partitionState: StateKey): Promise<void> {
    await requestStage(this.#client, partitionState, { act: 'remove' })
  }

  async fence(partitionState: StateKey, fence: Fence, forMs: number): Promise<Fenced> {
    const arguments_ = [JSON.stringify(fence), forMs]
    const reply = await this.#client.eval(FENCE, [buildKeys(partitionState).meta], arguments_)
    const [epoch, appliedOffset, fired, stands] = reply as [number, number, number, Buffer]
    return { version: { epoch, appliedOffset, fired }, fence: JSON.parse(String(stands)) }
  }

  async unfence(partitionState: StateKey, fence: Fence): Promise<void> {
    await this.#client.eval(FENCE, [buildKeys(partitionState).meta], [JSON.stringify(fence), ''])
  }

  async replace(
    partitionState: StateKey,
    staged: Staged,
    conditions: ReplacementConditions,
  ): Promise<ReplacementOutcome> {
    const request = pack(replaceRequest(staged, conditions))
    const reply = await this.#client.eval(REPLACE_STATE, [buildPrefix(partitionState)], [request])
    if (!Array.isArray(reply))
      return { kind: String(reply) as Exclude<ReplacementOutcome['kind'], 'replaced'> }
    const [epoch, replacedOffset] = reply as [number, number]
    return { kind: 'replaced', epoch, replacedOffset }
  }
}
