import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { EntityStatistics } from '../../../lib/analytics/process.ts'
import { listedEntities } from '../../../lib/queries/entity-list.ts'
import { inspectionOf } from './stored.ts'

const READINGS = { topic: 'readings', partitions: 12 }

function stored(count: number, lastAtMs: number): EntityStatistics {
  const temperature = { count, mean: 20, m2: 8, minimum: 18, maximum: 22, last: 22, lastAtMs }
  const humidity = { ...temperature, count: count - 1, lastAtMs: lastAtMs - 1_000 }
  return {
    family: 'environment',
    metrics: { humidity, temperature },
    windows: {
      open: { startMs: 120_000, revision: 0, metrics: { humidity, temperature } },
      closed: { startMs: 60_000, revision: 1, metrics: { humidity } },
    },
  }
}

const inspection = inspectionOf({
  'processor readings/3': { states: [['/environment/a pump-10', stored(5, 90_000)]] },
  'processor readings/7': {
    states: [
      ['/environment/a pump-1', stored(2, 70_000)],
      // Redis may give a field twice.
      ['/environment/a pump-1', stored(2, 70_000)],
    ],
  },
})

describe('the list of entities', () => {
  it('given entities in several partitions, then each is listed once, with how much it has reported', async () => {
    const { entities, isWhole } = await listedEntities(inspection, READINGS, 10)
    assert.equal(isWhole, true)
    const shown = entities.map(({ entity, partition, family, readings, lastAtMs, minutes }) => {
      return [entity, partition, family, readings, lastAtMs, minutes.map(one => [one.startMs, one.readings])]
    })
    assert.deepEqual(shown.sort(), [
      [
        '/environment/a pump-1',
        7,
        'environment',
        2,
        70_000,
        [
          [120_000, 2],
          [60_000, 1],
        ],
      ],
      [
        '/environment/a pump-10',
        3,
        'environment',
        5,
        90_000,
        [
          [120_000, 5],
          [60_000, 4],
        ],
      ],
    ])
  })

  it('given more entities than are wanted, then the list says that it is not whole', async () => {
    const { entities, isWhole } = await listedEntities(inspection, READINGS, 1)
    assert.deepEqual([entities.length, isWhole], [1, false])
    assert.equal((await listedEntities(inspection, READINGS, 2)).isWhole, true)
  })
})
