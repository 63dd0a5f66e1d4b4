import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { activitiesNow, activityOf } from '../../../lib/queries/activities.ts'
import { inspectionOf } from './stored.ts'

const READINGS = { topic: 'readings', partitions: 12 }
const inspection = inspectionOf({
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
  it('given devices and sensors, then devices tell what they do, and silent sensors are told', async () => {
    const { entities, doing, silent, isWhole } = await activitiesNow(inspection, READINGS, 100)
    assert.deepEqual([entities, isWhole], [5, true])
    assert.deepEqual(
      doing.map(({ entity, activity }) => `${entity} ${activity}`),
      ['/device/m d-2 resting', '/device/m d-1 walking'],
    )
    assert.deepEqual(
      silent.map(({ entity }) => entity),
      ['/environment/a s-3', '/environment/a s-1'],
    )
  })

  it('given more entities than are wanted, then it says so', async () => {
    const { entities, isWhole } = await activitiesNow(inspection, READINGS, 3)
    assert.deepEqual([entities, isWhole], [3, false])
  })

  it('given one entity, then its activity is read where it lies', async () => {
    const of = (entity: string) => activityOf(inspection, READINGS, 1, entity)
    assert.equal((await of('/device/m d-1'))?.doing?.activity, 'walking')
    assert.equal(await of('/environment/a s-1'), undefined)
  })
})
