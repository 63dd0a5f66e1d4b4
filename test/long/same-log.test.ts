/** The schedules of `test/unit/runtime/pipeline/same-log.property.test.ts`, on the real scripts: fewer runs, the same faults. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, it } from 'node:test'
import { RedisClient } from '#runtime/adapters/redis/client.ts'
import { RedisStateStore } from '#runtime/adapters/redis/state-store.ts'
import type { Parking } from '#runtime/consumer/parking.ts'
import type { StateKey } from '#runtime/pipeline/model/partition-state.ts'
import type { StateStore } from '#runtime/pipeline/ports.ts'
import { RedisForgetting } from '../support/redis-forgetting.ts'
import { violations } from '../support/same-log.ts'
import { redisUrl } from '../support/servers.ts'
import type { Stage } from '../support/stage.ts'

const SEEDS = 25
const client = new RedisClient({ url: redisUrl() })
after(() => client.close())

it(`given ${SEEDS} random schedules with every fault on Redis, then each ends as an undisturbed run does`, async () => {
  for (let seed = 1_000_000; seed < 1_000_000 + SEEDS; seed += 1) {
    const run = randomUUID()
    const store = apart(new RedisStateStore(client), run)
    let forgetting: RedisForgetting | undefined
    const setting = (stage: Stage) => {
      forgetting = new RedisForgetting(renamed(stage.stateKey(), run))
      return { store, forgetting }
    }
    const found = await violations(seed, setting, parkingOf(seed))
    forgetting?.close()
    assert.deepEqual(found, [], `seed ${seed}`)
  }
})

/** Returns the parking of a schedule: every other one parks. */
function parkingOf(seed: number): Parking | undefined {
  return seed % 2 === 0 ? undefined : { most: 4, forMs: 300_000 }
}

/** A store whose partition states are this run's alone. */
function apart(store: StateStore, run: string): StateStore {
  return {
    load: (stateKey, wanted) => store.load(renamed(stateKey, run), wanted),
    commit: (stateKey, change) => store.commit(renamed(stateKey, run), change),
    trimOutbox: (stateKey, positions) => store.trimOutbox(renamed(stateKey, run), positions),
  }
}

function renamed(stateKey: StateKey, run: string): StateKey {
  return { ...stateKey, topic: `${stateKey.topic}.${run}` }
}
