import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ACTIVITIES } from '../../../../control/tables/activities.ts'
import { readEntityRows, readTable } from '../../../../control/tables/table.ts'
import { createInspection } from './stored.ts'

const READINGS = { topic: 'readings', partitions: 12 }
const inspection = createInspection({
  'activity readings/1': {
    states: [
      ['/device/m d-1', { lastMs: 9, doing: { activity: 'walking', sinceMs: 1 } }],
      ['/device/m d-2', { lastMs: 9, doing: { activity: 'resting', sinceMs: 5 } }],
    ],
  },
  'activity readings/4': {
    states: [
      ['/environment/a s-1', { lastMs: 3, isSilent: true }],
      ['/environment/a s-2', { lastMs: 7 }],
      ['/environment/a s-3', { lastMs: 4, isSilent: true }],
    ],
  },
})

describe('activities', () => {
  it('given devices and sensors, then each is a row, and those that changed last come first', async () => {
    const { rows, entities, isWhole } = await readTable(inspection, ACTIVITIES, READINGS)
    assert.deepEqual([entities, isWhole], [5, true])
    assert.deepEqual(
      rows.map(({ entity, doing, isSilent, lastMs }) => [
        entity,
        doing?.activity,
        doing?.sinceMs ?? lastMs,
        isSilent,
      ]),
      [
        ['/environment/a s-2', undefined, 7, undefined],
        ['/device/m d-2', 'resting', 5, undefined],
        ['/environment/a s-3', undefined, 4, true],
        ['/environment/a s-1', undefined, 3, true],
        ['/device/m d-1', 'walking', 1, undefined],
      ],
    )
  })

  it('given more entities than are wanted, then it says so', async () => {
    const { entities, isWhole } = await readTable(inspection, ACTIVITIES, READINGS, { most: 3 })
    assert.deepEqual([entities, isWhole], [3, false])
  })

  it('given one entity, then its activity is read in whichever partition it is', async () => {
    const of = async (entity: string) => (await readEntityRows(inspection, ACTIVITIES, READINGS, entity))[0]
    assert.equal((await of('/device/m d-1'))?.doing?.activity, 'walking')
    assert.equal((await of('/environment/a s-1'))?.isSilent, true)
    assert.equal(await of('/environment/a s-9'), undefined)
  })
})
