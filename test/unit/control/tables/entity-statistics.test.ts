import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  ENTITIES,
  entityStatistics,
  type ListedEntity,
} from '../../../../control/tables/entity-statistics.ts'
import { readTable } from '../../../../control/tables/table.ts'
import { summarizeMetrics } from '../../../../lib/analytics/metric-statistics.ts'
import type { EntityStatistics } from '../../../../lib/analytics/processor.ts'
import { createInspection } from './stored.ts'

const READINGS = { topic: 'readings', partitions: 12 }
const MEASURED: EntityStatistics = {
  family: 'environment',
  metrics: {
    temperature: { count: 2, mean: 20, m2: 8, minimum: 18, maximum: 22, last: 22, lastAtMs: 0 },
  },
  minutes: [[0, {}]],
}

const inspection = createInspection({
  'processor readings/3': {
    states: [['/environment/a pump-10', MEASURED]],
  },
  'processor readings/7': {
    // Redis may give a field twice.
    states: [
      ['/environment/a pump-1', MEASURED],
      ['/environment/a pump-1', MEASURED],
    ],
  },
})

describe('statistics', () => {
  it('given entities in several partitions, then each is there once, by name', async () => {
    const { rows } = await readTable(inspection, ENTITIES, READINGS)
    assert.deepEqual(
      rows.map(({ entity, partition, metrics }) => [
        entity,
        partition,
        summarizeMetrics(metrics).temperature?.mean,
      ]),
      [
        ['/environment/a pump-1', 7, 20],
        ['/environment/a pump-10', 3, 20],
      ],
    )
    const { family, readings, lastAtMs } = rows[0] as ListedEntity
    assert.deepEqual([family, readings, lastAtMs], ['environment', 2, 0])
  })

  const cases: [wanted: string, found: string[]][] = [
    ['pump', ['pump-1', 'pump-10']],
    ['/environment/a', ['pump-1', 'pump-10']],
    ['pump-1', ['pump-1']],
    ['valve', []],
  ]
  for (const [wanted, found] of cases)
    it(`given "${wanted}", then a whole subject means that one alone, and a part all that have it`, async () => {
      const { rows } = await readTable(inspection, ENTITIES, READINGS, { text: wanted })
      assert.deepEqual(
        rows.map(({ entity }) => entity.split(' ')[1]),
        found,
      )
    })

  it('given the open minute of an entity, then it has its start and its statistics', async () => {
    const { rows, isWhole } = await readTable(inspection, ENTITIES, READINGS, { most: 1 })
    assert.deepEqual(rows[0]?.open, { startMs: 0, metrics: {} })
    assert.deepEqual([rows.length, isWhole], [1, false])
  })

  it('given one entity, then it is found in whichever partition it is', async () => {
    const found = await entityStatistics(inspection, READINGS, '/environment/a pump-10', 0)
    assert.equal(found?.metrics.temperature?.count, 2)
    assert.equal(await entityStatistics(inspection, READINGS, '/environment/a valve', 0), undefined)
  })
})
