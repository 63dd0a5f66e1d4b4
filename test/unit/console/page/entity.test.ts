import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { hasTelemetry, partsOf } from '../../../../console/page/parts/entity.ts'

describe('the name of an entity on the page', () => {
  it('given a name, then its parts are told; given no subject, then the name is the source', () => {
    assert.deepEqual(partsOf('/a/b c d'), { source: '/a/b', subject: 'c d' })
    assert.deepEqual(partsOf('/a/b '), { source: '/a/b', subject: '' })
    assert.deepEqual(partsOf('/a/b'), { source: '/a/b', subject: '' })
  })

  it('given an alert, a group or a pattern, then it has no telemetry', () => {
    const names = ['/environment/oslo roof-1', '/alerting HIGH_TEMP', '/patterns p', 'alerts/groups g']
    assert.deepEqual(names.filter(hasTelemetry), ['/environment/oslo roof-1'])
  })
})
