import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sourcesText } from '../../../cli/state/sources-text.ts'
import { entitiesMatching, entitySources } from '../../../lib/queries/entity-sources.ts'
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

describe('the entities in partition states, by source', () => {
  it('given several sources, then those with most entities come first, with an example of each', async () => {
    const found = await entitySources(READER, KEYS, { by: 'source', most: 2 })
    assert.deepEqual(found, {
      entities: 5,
      sources: [
        { source: '/flood/a', entities: 2, bytes: 24, example: '/flood/a 1' },
        { source: '/flood/b', entities: 1, bytes: 12, example: '/flood/b 2' },
      ],
    })
    assert.deepEqual(sourcesText(found).split('\n').slice(1), [
      '       2  40.0 %  24 B  /flood/a  /flood/a 1',
      '       1  20.0 %  12 B  /flood/b  /flood/b 2',
      '',
      'Total: 5',
      '',
    ])
    assert.equal(sourcesText({ entities: 0, sources: [] }), 'The consumer has no entities.\n')
  })

  it('given sources that differ after their last "/", then by prefix they count together', async () => {
    const { sources } = await entitySources(READER, KEYS, { by: 'prefix', most: 9 })
    assert.deepEqual(
      sources.map(({ source, entities }) => [source, entities]),
      [
        ['/flood/*', 3],
        ['/environment/*', 1],
        ['/*', 1],
      ],
    )
  })

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
