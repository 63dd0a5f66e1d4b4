import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Report, reportOf } from '../../../cli/stats/report.ts'
import { tableOf } from '../../../cli/stats/table.ts'
import type { SlotInspection } from '../../../lib/adapters/redis/inspection.ts'
import type { EntityStatistics } from '../../../lib/domain/analytics/process.ts'
import type { Slot } from '../../../lib/pipeline/ports.ts'

const MEASURED: EntityStatistics = {
  family: 'environment',
  metrics: {
    temperature: {
      count: 2,
      mean: 20,
      m2: 8,
      minimum: 18,
      maximum: 22,
      last: 22,
      lastAtMs: Date.UTC(2026, 0, 1),
    },
  },
  windows: {},
}

/** Slots in which two partitions of one environment hold something. */
const inspection = {
  async summary({ partition }: Slot) {
    const tally = {
      'applied/counted': 2,
      'duplicate/id-known': 1,
      ...(partition === 3 ? { 'failed/rejected': 1 } : {}),
    }
    return partition === 3 || partition === 7
      ? { mark: 3, entities: 1, outbox: 1, tally }
      : { mark: -1, entities: 0, outbox: 0, tally: {} }
  },
  async *states({ consumer, topic, partition }: Slot) {
    assert.deepEqual([consumer, topic], ['processor', 'sluice.telemetry.readings.test'])
    if (partition === 3) yield ['/environment/a pump-10', MEASURED]
    // Redis may give a field twice.
    if (partition === 7) for (const _ of [1, 2]) yield ['/environment/a pump-1', MEASURED]
  },
} as unknown as SlotInspection

const entitiesOf = async (wanted?: string) =>
  (await reportOf(inspection, 'test', wanted)).entities.map(({ entity }) => entity.split(' ')[1])

describe('the report', () => {
  test('has every entity once, in order, and the counters of all partitions', async () => {
    const { entities, totals } = await reportOf(inspection, 'test')
    assert.deepEqual(
      entities.map(({ entity, partition }) => [entity, partition]),
      [
        ['/environment/a pump-1', 7],
        ['/environment/a pump-10', 3],
      ],
    )
    assert.deepEqual(totals, {
      applied: 4,
      duplicate: 2,
      ignored: 0,
      failed: 1,
      reasons: { 'applied/counted': 4, 'duplicate/id-known': 2, 'failed/rejected': 1 },
      outbox: 2,
    })
  })

  test('of a part of a name, or of a whole subject alone', async () => {
    assert.deepEqual(await entitiesOf('pump'), ['pump-1', 'pump-10'])
    assert.deepEqual(await entitiesOf('/environment/a'), ['pump-1', 'pump-10'])
    assert.deepEqual(await entitiesOf('pump-1'), ['pump-1'])
    assert.deepEqual(await entitiesOf('valve'), [])
  })
})

describe('the table', () => {
  test('lines up, with units', async () => {
    const text = tableOf(await reportOf(inspection, 'test', 'pump-1'))
    assert.equal(
      text,
      `ENTITY                 METRIC       COUNT  MEAN  STD DEV  MIN  MAX  LAST  UNIT  LAST AT
/environment/a pump-1  temperature      2    20        2   18   22    22  °C    2026-01-01T00:00:00.000Z

Processor in "test": 4 applied (4 counted), 2 duplicates (2 id-known), 0 ignored, 1 failed (1 rejected); 2 waiting to be published
`,
    )
  })

  test('of nothing says so', () => {
    const totals = { applied: 0, duplicate: 0, ignored: 0, failed: 0, reasons: {}, outbox: 0 }
    const nothing: Report = { env: 'test', entities: [], totals }
    assert.match(tableOf(nothing), /^No statistics yet\.\n\nProcessor in "test": 0 applied, 0 duplicates/)
  })
})
