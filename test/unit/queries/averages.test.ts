import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { withReading } from '../../../lib/analytics/metrics.ts'
import { averagesBy } from '../../../lib/queries/averages.ts'
import type { ListedEntity as TableEntity } from '../../../lib/tables/statistics.ts'

type ListedEntity = Omit<TableEntity, 'open'>

const NOW_MS = 600_500
const LAST_MINUTE_MS = 540_000

function entity(name: string, values: readonly number[], more: Partial<ListedEntity> = {}): ListedEntity {
  const metrics = values.reduce<ListedEntity['metrics']>(
    (known, value, at) => withReading(known, { values: [['temperature', value]], timeMs: at }),
    {},
  )
  return {
    entity: name,
    partition: 0,
    family: 'environment',
    metrics,
    readings: values.length,
    lastAtMs: values.length,
    minutes: [],
    ...more,
  }
}

const bySource = ({ entity: name }: ListedEntity) => name.slice(0, name.indexOf(' '))

describe('averages of several entities', () => {
  it('given entities of two sites, then each site has its own, and its last whole minute', () => {
    const minutes = (startMs: number, readings: number) => ({ minutes: [{ startMs, readings }] })
    const groups = averagesBy(
      [
        entity('/b x', [1], minutes(LAST_MINUTE_MS, 1)),
        entity('/a x', [10, 20], minutes(LAST_MINUTE_MS, 2)),
        entity('/a y', [60], minutes(LAST_MINUTE_MS + 60_000, 9)),
      ],
      bySource,
      NOW_MS,
    )
    assert.deepEqual(
      groups.map(({ name, entities, readings, readingsInMinute }) => [
        name,
        entities,
        readings,
        readingsInMinute,
      ]),
      [
        ['/a', 2, 3, 2],
        ['/b', 1, 1, 1],
      ],
    )
    const { last, mean, minimum, maximum } = groups[0]?.metrics.temperature ?? {}
    assert.deepEqual([last, mean, minimum, maximum], [40, 30, 10, 60])
  })

  it('given a metric that some entities never report, then it is averaged over the others', () => {
    const [group] = averagesBy([entity('/a x', [7]), entity('/a y', [])], bySource, NOW_MS)
    assert.deepEqual([group?.entities, group?.metrics.temperature?.mean], [2, 7])
  })

  it('given families with sources of the same name, then they stay apart', () => {
    const groups = averagesBy([entity('/a x', [1]), entity('/a y', [3], { family: 'device' })], bySource, 0)
    assert.deepEqual(
      groups.map(({ family, metrics }) => [family, metrics.temperature?.mean]),
      [
        ['device', 3],
        ['environment', 1],
      ],
    )
  })

  it('given any values, however spread over entities, then mean and deviation are those of all values', () => {
    const values = fc.array(fc.double({ min: -1_000, max: 1_000, noNaN: true }), {
      minLength: 1,
      maxLength: 9,
    })
    fc.assert(
      fc.property(fc.array(values, { minLength: 1, maxLength: 5 }), spread => {
        const [group] = averagesBy(
          spread.map((own, at) => entity(`/a ${at}`, own)),
          bySource,
          NOW_MS,
        )
        const all = spread.flat()
        const mean = all.reduce((sum, value) => sum + value, 0) / all.length
        const variance = all.reduce((sum, value) => sum + (value - mean) ** 2, 0) / all.length
        const found = group?.metrics.temperature
        assert.ok(Math.abs((found?.mean ?? Number.NaN) - mean) < 1e-6)
        assert.ok(Math.abs((found?.standardDeviation ?? Number.NaN) - Math.sqrt(variance)) < 1e-6)
      }),
    )
  })
})
