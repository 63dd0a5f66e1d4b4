import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { entitiesMatching } from '../../../lib/queries/entities-matching.ts'
import type { StateKey } from '../../../packages/runtime/pipeline/model.ts'

const STATES: Readonly<Record<number, readonly string[]>> = {
  0: ['/flood/a 1', '/flood/b 2', '/environment/oslo roof-1', ' held x'],
  1: ['/flood/a 3', '/clock '],
}
const KEYS = [0, 1].map(partition => ({ consumer: 'c', topic: 't', partition }))
const READER = {
  async *states({ partition }: StateKey): AsyncGenerator<[string, string]> {
    for (const entity of STATES[partition] ?? []) yield [entity, '{}']
  },
}

describe('the entities in partition states', () => {
  it('given a condition, then each partition has the entities that meet it', async () => {
    const found = await entitiesMatching(READER, KEYS, name => name.includes('flood'))
    assert.deepEqual(
      [...found].map(([partition, names]) => [partition, [...names]]),
      [
        [0, ['/flood/a 1', '/flood/b 2']],
        [1, ['/flood/a 3']],
      ],
    )
  })
})
