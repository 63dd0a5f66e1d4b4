import { CopyStopped, Unavailable } from '../../pipeline/errors.ts'
import type {
  RememberedFailure,
  RememberedId,
  StateKey,
  StoredContext,
  Version,
} from '../../pipeline/model.ts'
import type { StateStore } from '../../pipeline/ports.ts'
import type { CheckpointPages } from '../../pipeline/recovery/checkpoints.ts'
import type {
  RebuildCopy,
  StateCopies,
  StateFacts,
  SwitchExpectation,
  SwitchOutcome,
} from '../../pipeline/reprocessing/copies.ts'
import type { RedisClient } from './client.ts'
import { CLAIM_STATE, REMOVE_STATE, SWITCH_TO_REBUILT } from './copy-scripts.ts'
import { Fences } from './fences.ts'
import { replaceState } from './generations.ts'
import { prefixOf } from './keys.ts'
import { packed } from './message-pack.ts'
import { StateReader } from './state-reader.ts'
import { RedisStateStore } from './state-store.ts'

/** Copies of partition states in Redis, in the same hash slot, so that one script can replace a state by its copy. */
export class RedisStateCopies implements StateCopies {
  readonly #client: RedisClient
  readonly #fences: Fences

  constructor(client: RedisClient) {
    this.#client = client
    this.#fences = new Fences(client)
  }

  facts(partitionState: StateKey, copy?: RebuildCopy): Promise<StateFacts> {
    return this.#reader(copy).meta(partitionState)
  }

  store(): StateStore {
    return new RedisStateStore(this.#client, 'rebuilt')
  }

  async seed(partitionState: StateKey, pages: CheckpointPages): Promise<void> {
    try {
      await replaceState(this.#client, partitionState, pages, undefined, 'rebuilt')
    } catch (error) {
      if (!(error instanceof CopyStopped)) throw error
      throw new Unavailable('store-unavailable', `the rebuild could not begin (${error.why}): try again`)
    }
  }

  async claim(partitionState: StateKey): Promise<number | undefined> {
    const epoch = await this.#client.eval(CLAIM_STATE, [prefixOf(partitionState, 'rebuilt')], [])
    return Number(epoch) < 0 ? undefined : Number(epoch)
  }

  async fence(partitionState: StateKey, by: string, forMs: number): Promise<Version | undefined> {
    const own = { why: 'reprocessing', by } as const
    const { version, fence } = await this.#fences.raise(partitionState, own, forMs)
    return fence.by === by ? version : undefined
  }

  unfence(partitionState: StateKey, by: string): Promise<void> {
    return this.#fences.remove(partitionState, by)
  }

  states(partitionState: StateKey, copy?: RebuildCopy): AsyncIterable<readonly [string, string]> {
    return this.#reader(copy).states(partitionState)
  }

  failures(partitionState: StateKey, copy?: RebuildCopy): AsyncIterable<RememberedFailure> {
    return this.#reader(copy).failures(partitionState)
  }

  async *ids(partitionState: StateKey, copy?: RebuildCopy): AsyncGenerator<RememberedId> {
    const reader = this.#reader(copy)
    yield* reader.ids(partitionState, await reader.meta(partitionState))
  }

  async switchOver(
    partitionState: StateKey,
    { live, rebuilt, code, by }: SwitchExpectation,
  ): Promise<SwitchOutcome> {
    const request = { live: { ...live }, rebuilt: { ...rebuilt }, code, by }
    const prefixes = [prefixOf(partitionState), prefixOf(partitionState, 'rebuilt')]
    const reply = await this.#client.eval(SWITCH_TO_REBUILT, prefixes, [packed(request)])
    if (typeof reply === 'number') return { kind: 'switched', epoch: reply }
    return { kind: String(reply) as Exclude<SwitchOutcome['kind'], 'switched'> }
  }

  context(partitionState: StateKey): Promise<StoredContext | undefined> {
    return this.#reader(undefined).context(partitionState)
  }

  async drop(partitionState: StateKey): Promise<void> {
    const prefix = prefixOf(partitionState, 'rebuilt')
    await this.#client.eval(REMOVE_STATE, [prefix], [])
  }

  #reader(copy: RebuildCopy | undefined): StateReader {
    return new StateReader(this.#client, copy)
  }
}
