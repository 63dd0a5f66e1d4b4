import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { measuredStates } from '../../../lib/queries/measured-states.ts'
import { partitionsOf } from '../../../lib/tables/table.ts'
import type { RedisClient } from '../../../packages/runtime/adapters/redis/client.ts'
import { StateInspection } from '../../../packages/runtime/adapters/redis/inspection.ts'

const PARTITIONS = partitionsOf('processor', { topic: 'readings', partitions: 2 })

/** Redis with partition states of 1,000 pages each, and what happens with a page. */
class LargeStates {
  pages = 0
  readonly #onPage: (pages: number) => void

  constructor(onPage: (pages: number) => void) {
    this.#onPage = onPage
  }

  readonly redis = {
    hgetall: async () => ({ appliedOffset: '41' }),
    hlen: async () => 7,
    zrange: async () => [],
    memory: async () => 1,
    hscanBuffer: async (_key: string, cursor: string) => {
      this.pages += 1
      this.#onPage(this.pages)
      return [cursor === '999' ? '0' : String(Number(cursor) + 1), []]
    },
  }

  readonly client = {
    run: <T>(command: (redis: unknown) => Promise<T>) => command(this.redis),
  } as unknown as RedisClient
}

describe('a partition state that takes too long to count', () => {
  it('given that the time is over, then counting ends, and the rest is known', async () => {
    const over = new AbortController()
    const large = new LargeStates(pages => pages === 3 && over.abort())
    const states = await measuredStates(new StateInspection(large.client), PARTITIONS, undefined, over.signal)
    assert.equal(large.pages, 3)
    assert.deepEqual(
      states.map(({ appliedOffset, entities, ids, timers }) => [appliedOffset, entities, ids, timers]),
      [
        [41, 7, null, null],
        [41, 7, null, null],
      ],
    )
  })

  it('given an error of another kind, then it stays one', async () => {
    const failing = new LargeStates(() => {
      throw new TypeError('not a page')
    })
    const { signal } = new AbortController()
    await assert.rejects(
      measuredStates(new StateInspection(failing.client), PARTITIONS, undefined, signal),
      TypeError,
    )
  })
})
