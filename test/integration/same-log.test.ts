/** What `test/unit/pipeline/same-log.property.test.ts` plays in memory, on the real scripts: fewer runs, the same faults. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, it } from 'node:test'
import { type Checkpoint, SlotCheckpoints } from '../../lib/adapters/redis/checkpoint.ts'
import { RedisClient } from '../../lib/adapters/redis/client.ts'
import { RedisStateStore } from '../../lib/adapters/redis/state-store.ts'
import type { Slot, StateStore } from '../../lib/pipeline/ports.ts'
import { RedisForgetting } from '../support/redis-forgetting.ts'
import { violations } from '../support/same-log.ts'
import type { Forgetting } from '../support/schedule.ts'
import { redisUrl } from '../support/servers.ts'

const SEEDS = 25
const client = new RedisClient({ url: redisUrl() })
after(() => client.close())

it(`given ${SEEDS} random schedules with every fault, when the store is Redis, then each ends as one undisturbed reading does`, async () => {
  for (let seed = 1_000_000; seed < 1_000_000 + SEEDS; seed += 1) {
    const run = randomUUID()
    const store = apart(new RedisStateStore(client), run)
    let forgetting: RedisForgetting | undefined
    const found = await violations(seed, stage => {
      forgetting = new RedisForgetting(renamed(stage.slot(), run))
      return { store, forgetting }
    })
    forgetting?.close()
    assert.deepEqual(found, [], `seed ${seed}`)
  }
})

it(`given ${SEEDS} random schedules with every fault, when checkpoints are put back instead of dumps, then likewise`, async () => {
  const checkpoints = new SlotCheckpoints(client)
  for (let seed = 2_000_000; seed < 2_000_000 + SEEDS; seed += 1) {
    const run = randomUUID()
    const store = apart(new RedisStateStore(client), run)
    const found = await violations(seed, stage => {
      const slot = renamed(stage.slot(), run)
      const forgetting: Forgetting = {
        copy: () => checkpoints.take(slot),
        async restore(copy) {
          await checkpoints.put(slot, copy as Checkpoint)
        },
      }
      return { store, forgetting }
    })
    assert.deepEqual(found, [], `seed ${seed}`)
  }
})

/** A store whose slots are this run's alone. */
function apart(store: StateStore, run: string): StateStore {
  return {
    load: (slot, wanted) => store.load(renamed(slot, run), wanted),
    commit: (slot, change) => store.commit(renamed(slot, run), change),
    settle: (slot, positions) => store.settle(renamed(slot, run), positions),
  }
}

function renamed(slot: Slot, run: string): Slot {
  return { ...slot, topic: `${slot.topic}.${run}` }
}
