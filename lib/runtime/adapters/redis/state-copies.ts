import { Unavailable } from '../../pipeline/errors.ts'
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
import { CLAIM_STATE, COPY_STATE, REMOVE_STATE, SWITCH_TO_REBUILT } from './copy-scripts.ts'
import { plainOf, prefixOf } from './keys.ts'
import { packed } from './message-pack.ts'
import { RestoreRefused, replaceState } from './staging.ts'
import { StateReader } from './state-reader.ts'
import { RedisStateStore } from './state-store.ts'

/** Copies of partition states in Redis, in the same hash slot, so that one script can replace a state by its copy. */
export class RedisStateCopies implements StateCopies {
  readonly #client: RedisClient

  constructor(client: RedisClient) {
    this.#client = client
  }

  facts(partitionState: StateKey, copy?: RebuildCopy): Promise<StateFacts> {
    return this.#reader(copy).meta(partitionState)
  }

  store(copy: RebuildCopy): StateStore {
    return new RedisStateStore(this.#client, copy)
  }

  async seed(partitionState: StateKey, pages: CheckpointPages): Promise<void> {
    try {
      await replaceState(this.#client, partitionState, pages, undefined, 'rebuilt')
    } catch (error) {
      if (!(error instanceof RestoreRefused)) throw error
      throw new Unavailable('store-unavailable', `the rebuild could not begin (${error.why}): try again`)
    }
  }

  async claim(partitionState: StateKey): Promise<number | undefined> {
    const epoch = await this.#client.eval(CLAIM_STATE, [prefixOf(partitionState, 'rebuilt')], [])
    return Number(epoch) < 0 ? undefined : Number(epoch)
  }

  async copyLive(partitionState: StateKey): Promise<Version> {
    const prefixes = [prefixOf(partitionState), prefixOf(partitionState, 'compared')]
    const reply = await this.#client.eval(COPY_STATE, prefixes, [packed({ plain: plainOf(partitionState) })])
    const [epoch, appliedOffset, fired] = reply as [number, number, number]
    return { epoch, appliedOffset, fired }
  }

  states(partitionState: StateKey, copy: RebuildCopy): AsyncIterable<readonly [string, string]> {
    return this.#reader(copy).states(partitionState)
  }

  failures(partitionState: StateKey, copy?: RebuildCopy): AsyncIterable<RememberedFailure> {
    return this.#reader(copy).failures(partitionState)
  }

  async *ids(partitionState: StateKey, copy: RebuildCopy): AsyncGenerator<RememberedId> {
    const reader = this.#reader(copy)
    yield* reader.ids(partitionState, await reader.meta(partitionState))
  }

  async switchOver(
    partitionState: StateKey,
    { live, rebuilt, code }: SwitchExpectation,
  ): Promise<SwitchOutcome> {
    const request = { plain: plainOf(partitionState), live: { ...live }, rebuilt: { ...rebuilt }, code }
    const prefixes = [prefixOf(partitionState), prefixOf(partitionState, 'rebuilt')]
    const reply = await this.#client.eval(SWITCH_TO_REBUILT, prefixes, [packed(request)])
    if (typeof reply === 'number') return { kind: 'switched', epoch: reply }
    return { kind: String(reply) as Exclude<SwitchOutcome['kind'], 'switched'> }
  }

  context(partitionState: StateKey): Promise<StoredContext | undefined> {
    return this.#reader(undefined).context(partitionState)
  }

  async drop(partitionState: StateKey, copy: RebuildCopy): Promise<void> {
    const prefix = prefixOf(partitionState, copy)
    await this.#client.eval(REMOVE_STATE, [prefix], [packed({ plain: plainOf(partitionState) })])
  }

  #reader(copy: RebuildCopy | undefined): StateReader {
    return new StateReader(this.#client, copy)
  }
}
