import type { StateKey } from '../../pipeline/model/partition-state.ts'
import type { LoadSelection, Snapshot } from '../../pipeline/model/snapshot.ts'
import type { LiveStates } from '../../pipeline/verifying/both-states.ts'
import type { RedisClient } from './client.ts'
import { StateReader } from './state-reader.ts'
import { RedisStateStore } from './state-store.ts'

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
