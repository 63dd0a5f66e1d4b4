import type { RememberedFailure } from '../../pipeline/model/failure-memory.ts'
import type { StateKey, StoredContext } from '../../pipeline/model/partition-state.ts'
import type { LoadSelection, Snapshot } from '../../pipeline/model/snapshot.ts'
import type { StateFacts } from '../../pipeline/replacing/replaceable-states.ts'
import type { LiveStates } from '../../pipeline/verifying/both-states.ts'
import type { RedisClient } from './client.ts'
import { StateReader } from './state-reader.ts'
import { RedisStateStore } from './state-store.ts'

/** Read-only access to the live states in Redis, for comparisons. */
export class RedisLiveStates implements LiveStates {
  readonly #store: RedisStateStore
  readonly #reader: StateReader

  constructor(client: RedisClient) {
    this.#store = new RedisStateStore(client)
    this.#reader = new StateReader(client)
  }

  load(stateKey: StateKey, wanted: LoadSelection): Promise<Snapshot> {
    return this.#store.load(stateKey, wanted)
  }

  facts(stateKey: StateKey): Promise<StateFacts> {
    return this.#reader.meta(stateKey)
  }

  failures(stateKey: StateKey): AsyncIterable<RememberedFailure> {
    return this.#reader.failures(stateKey)
  }

  context(stateKey: StateKey): Promise<StoredContext | undefined> {
    return this.#reader.context(stateKey)
  }

  async *entities(stateKey: StateKey): AsyncGenerator<string> {
    for await (const [entity] of this.#reader.states(stateKey)) yield entity
    for await (const [entity] of this.#reader.timers(stateKey)) yield entity
  }
}
