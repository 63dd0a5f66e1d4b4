import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { EntityStatistics } from '../../../lib/analytics/process.ts'
import { entityStatistics, statisticsOf } from '../../../lib/queries/statistics.ts'
import { inspectionOf } from './stored.ts'

const READINGS = { topic: 'readings', partitions: 12 }
const MEASURED: EntityStatistics = {
  family: 'environment',
  metrics: {
    temperature: { count: 2, mean: 20, m2: 8, minimum: 18, maximum: 22, last: 22, lastAtMs: 0 },
  },
  windows: { open: { startMs: 0, revision: 0, metrics: {} } },
}

const inspection = inspectionOf({
  'processor readings/3': {
    details: { outbox: 1, tally: { 'applied/counted': 2 } },
    states: [['/environment/a pump-10', MEASURED]],
  },
  'processor readings/7': {
    details: { outbox: 1, tally: { 'applied/counted': 2, 'failed/rejected': 1 } },
    // Redis may give a field twice.
    states: [
      ['/environment/a pump-1', MEASURED],
      ['/environment/a pump-1', MEASURED],
    ],
  },
})

describe('statistics', () => {
  it('given entities in several partitions, then each is there once, by name, with the totals of all', async () => {
    const { entities, totals } = await statisticsOf(inspection, READINGS)
    assert.deepEqual(
      entities.map(({ entity, partition, metrics }) => [entity, partition, metrics.temperature?.mean]),
      [
        ['/environment/a pump-1', 7, 20],
        ['/environment/a pump-10', 3, 20],
      ],
    )
    assert.deepEqual([totals.applied, totals.failed, totals.outbox], [4, 1, 2])
  })

  const cases: [wanted: string, found: string[]][] = [
    ['pump', ['pump-1', 'pump-10']],
    ['/environment/a', ['pump-1', 'pump-10']],
    ['pump-1', ['pump-1']],
    ['valve', []],
  ]
  for (const [wanted, found] of cases)
    it(`given "${wanted}", then a whole subject means that one alone, and a part all that have it`, async () => {
      const { entities } = await statisticsOf(inspection, READINGS, wanted)
      assert.deepEqual(
        entities.map(({ entity }) => entity.split(' ')[1]),
        found,
      )
    })

  it('given one entity, then it is found in whichever partition it is', async () => {
    const found = await entityStatistics(inspection, READINGS, '/environment/a pump-10')
    assert.equal(found?.metrics.temperature?.count, 2)
    assert.equal(await entityStatistics(inspection, READINGS, '/environment/a valve'), undefined)
  })
})
