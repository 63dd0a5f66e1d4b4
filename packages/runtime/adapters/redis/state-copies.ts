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
  CopyName,
  StateCopies,
  StateFacts,
  SwitchExpectation,
  SwitchOutcome,
} from '../../pipeline/reprocessing/copies.ts'
import type { RedisClient } from './client.ts'
import { Fences } from './fences.ts'
import { BEGIN_GENERATION, CLAIM_GENERATION, SWITCH_GENERATION } from './generation-scripts.ts'
import { seedState } from './generations.ts'
import { prefixOf } from './keys.ts'
import { packed } from './message-pack.ts'
import { readMeta } from './meta.ts'
import type { SwitchRequest } from './requests.ts'
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

  async facts(partitionState: StateKey, copy?: CopyName): Promise<StateFacts> {
    const meta = await this.#reader(copy).meta(partitionState)
    // It is built, and has no epoch until it is whole.
    return copy && meta.version.epoch === 0 ? readMeta({}) : meta
  }

  store(): StateStore {
    return new RedisStateStore(this.#client, 'next')
  }

  async seed(partitionState: StateKey, pages: CheckpointPages): Promise<void> {
    try {
      await seedState(this.#client, partitionState, pages)
    } catch (error) {
      if (!(error instanceof CopyStopped)) throw error
      throw new Unavailable('store-unavailable', `the rebuild could not begin (${error.why}): try again`)
    }
  }

  async claim(partitionState: StateKey): Promise<number | undefined> {
    const reply = await this.#client.eval(CLAIM_GENERATION, [prefixOf(partitionState)], [''])
    return typeof reply === 'number' ? reply : undefined
  }

  async fence(partitionState: StateKey, by: string, forMs: number): Promise<Version | undefined> {
    const own = { why: 'reprocessing', by } as const
    const { version, fence } = await this.#fences.raise(partitionState, own, forMs)
    return fence.by === by ? version : undefined
  }

  unfence(partitionState: StateKey, by: string): Promise<void> {
    return this.#fences.remove(partitionState, by)
  }

  states(partitionState: StateKey, copy?: CopyName): AsyncIterable<readonly [string, string]> {
    return this.#reader(copy).states(partitionState)
  }

  failures(partitionState: StateKey, copy?: CopyName): AsyncIterable<RememberedFailure> {
    return this.#reader(copy).failures(partitionState)
  }

  async *ids(partitionState: StateKey, copy?: CopyName): AsyncGenerator<RememberedId> {
    const reader = this.#reader(copy)
    yield* reader.ids(partitionState, await reader.meta(partitionState))
  }

  async switchOver(
    partitionState: StateKey,
    { live, rebuilt, code, by }: SwitchExpectation,
  ): Promise<SwitchOutcome> {
    const request: SwitchRequest = { epoch: 0, base: { ...live }, by, next: { ...rebuilt }, code }
    const reply = await this.#client.eval(SWITCH_GENERATION, [prefixOf(partitionState)], [packed(request)])
    if (Array.isArray(reply)) return { kind: 'switched', epoch: Number(reply[0]) }
    return { kind: String(reply) as Exclude<SwitchOutcome['kind'], 'switched'> }
  }

  context(partitionState: StateKey): Promise<StoredContext | undefined> {
    return this.#reader(undefined).context(partitionState)
  }

  async drop(partitionState: StateKey): Promise<void> {
    await this.#client.eval(BEGIN_GENERATION, [prefixOf(partitionState)], [''])
  }

  #reader(copy: CopyName | undefined): StateReader {
    return new StateReader(this.#client, copy)
  }
}
