import assert from 'node:assert/strict'
import { it } from 'node:test'
import { watchesIn } from '../../../lib/operations/rule-score/recorded.ts'
import { entityOf } from '../../../packages/runtime/consumer/event.ts'
import { environmentReading } from '../../support/records.ts'
import { patternOf } from '../alerting/patterns/support.ts'

it('given a rule over several readings, then it watches the entities that its events match', () => {
  const event = environmentReading('a', { temperature: 20 })
  const readings = [{ event, entity: entityOf(event), line: 1, timeMs: 0, arrivedMs: 0 }]
  const watchedBy = (match?: object) => {
    const of = { family: 'environment', metric: 'humidity', fireAbove: 90, ...(match && { match }) }
    return watchesIn(readings, [patternOf({ count: 2, of, within: '1h' })]).map(({ entities }) => [
      ...entities,
    ])
  }
  assert.deepEqual(watchedBy(), [[entityOf(event)]])
  assert.deepEqual(watchedBy({ entity: 's-1' }), [[entityOf(event)]])
  assert.deepEqual(watchedBy({ entity: 'nobody' }), [[]])
  assert.deepEqual(watchedBy({ site: 'elsewhere' }), [[]])
})
