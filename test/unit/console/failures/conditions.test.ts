import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { filterFrom as filterOfQuery } from '../../../../console/api/failures/conditions.ts'
import { filterFrom, isLimited } from '../../../../console/page/failures/conditions.ts'

const NONE = { code: '', consumer: '', entity: '', type: '', since: '', state: 'open' }
const NOW_MS = 100_000_000

describe('which dead letters a person looks at', () => {
  it('given nothing chosen, then all of the state', () => {
    assert.deepEqual([isLimited(NONE), filterFrom(NONE, NOW_MS)], [false, {}])
  })

  it('given conditions, then the list and an operation on it mean the same dead letters', () => {
    const conditions = { ...NONE, code: 'rejected', entity: '/a b', since: '1h' }
    const query = Object.entries(conditions).filter(([, value]) => value !== '')
    const asked = filterOfQuery(Object.fromEntries(query), NOW_MS)
    const meant = { code: 'rejected', entity: '/a b', sinceMs: NOW_MS - 3_600_000 }
    assert.deepEqual(filterFrom(conditions, NOW_MS), meant)
    assert.deepEqual(JSON.parse(JSON.stringify(asked)), meant)
    assert.equal(isLimited(conditions), true)
  })

  it('given an instant in the address, then it counts from there', () => {
    const since = '1970-01-02T00:00:00Z'
    assert.deepEqual(filterFrom({ ...NONE, since }, NOW_MS), { sinceMs: 86_400_000 })
  })
})
