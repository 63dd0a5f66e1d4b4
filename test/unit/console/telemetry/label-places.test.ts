import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { placeLabels } from '../../../../console/page/charts/label-places.ts'

const AREA = { top: 0, bottom: 100, left: 10, right: 200, height: 14 }

describe('the names of limits in a chart', () => {
  it('given limits far apart, then each name is above its line, at the left', () => {
    const labels = [40, 80].map(y => ({ y, width: 60 }))
    assert.deepEqual(placeLabels(labels, AREA), [
      { x: 10, y: 26 },
      { x: 10, y: 66 },
    ])
  })

  it('given a limit at the top of the chart, then its name is below the line', () => {
    assert.deepEqual(placeLabels([{ y: 5, width: 60 }], AREA), [{ x: 10, y: 5 }])
  })

  it('given two close limits, then the second name is below its line', () => {
    const labels = [40, 44].map(y => ({ y, width: 60 }))
    assert.deepEqual(placeLabels(labels, AREA), [
      { x: 10, y: 26 },
      { x: 10, y: 44 },
    ])
  })

  it('given three close limits, then the third name is beside the first', () => {
    const labels = [40, 44, 42].map(y => ({ y, width: 60 }))
    assert.deepEqual(placeLabels(labels, AREA)[2], { x: 84, y: 28 })
  })

  it('given more close limits than there is room for, then the last one has no name', () => {
    const labels = [40, 44, 42, 43].map(y => ({ y, width: 100 }))
    assert.deepEqual(placeLabels(labels, AREA)[3], undefined)
  })
})
