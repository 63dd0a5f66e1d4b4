/** Events of a group that arrive in another order than they happened, as they come from several partitions. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Alert } from '../../../../lib/alerting/alert.ts'
import { patternsInForce } from '../../../../lib/alerting/patterns/in-force.ts'
import { PATTERN_EVENT_TYPE } from '../../../../lib/alerting/patterns/pattern-event.ts'
import { patterns } from '../../../../lib/alerting/patterns/process.ts'
import type { PatternStates } from '../../../../lib/alerting/patterns/state.ts'
import type { Event } from '../../../../packages/runtime/consumer/event.ts'
import { Kit } from '../../../support/kit.ts'
import { patternOf } from './support.ts'

const START = Date.parse('2026-03-01T12:00:00Z')
const MINUTE = 60_000
const HOT = { family: 'environment', metric: 'temperature', fireAbove: 40 }
const HUMID = { family: 'environment', metric: 'humidity' }
const DRY_HEAT = patternOf({ sequence: [HOT, { absence: HUMID, within: '5m' }], per: 'site' })

const [hot, humid] = ['hot', 'humid'].map((_, index) => {
  const [keyed] = patternsInForce([DRY_HEAT]).ofGroups.values()
  return (minutes: number): Event => ({
    ...{ id: `${minutes} ${index}`, source: '/groups/site', subject: 'oslo', type: PATTERN_EVENT_TYPE },
    ...{ time: new Date(START + minutes * MINUTE).toISOString(), datacontenttype: 'application/json' },
    data: {
      entity: { source: '/environment/oslo', subject: 's1' },
      ...{ per: 'site', matches: [keyed?.matcherKeys[index]] },
    },
  })
}) as [(minutes: number) => Event, (minutes: number) => Event]

/** Returns the alerts of the group for events in the order of their arrival, and then of time: minutes and seconds after noon. */
async function told(minutes: number, ...events: readonly Event[]): Promise<string[]> {
  const kit = new Kit<PatternStates>(patterns([DRY_HEAT]))
  await kit.when(...events)
  await kit.pass(minutes * MINUTE)
  return kit.published.map(({ data }) => {
    const alert = data as Alert
    return `${(alert.status === 'firing' ? alert.startedAt : alert.endedAt).slice(14, 19)} ${alert.status}`
  })
}

describe('a group in which some events are ahead', () => {
  it('given a later event first, then the absence waits for the earlier one, and does not fire', async () => {
    assert.deepEqual(await told(10, hot(0), humid(4.8)), [])
    assert.deepEqual(await told(10, hot(0), humid(5.5), humid(4.8)), [])
    assert.deepEqual(await told(20, hot(0), hot(5.2), humid(4.8)), ['10:12 firing'])
  })

  it('given only an event that is too late, then time decides, and both have their own times', async () => {
    assert.deepEqual(await told(0, hot(0), humid(5.5)), [])
    assert.deepEqual(await told(7, hot(0), humid(5.5)), ['05:00 firing', '05:30 resolved'])
  })

  it('given an event more than a minute too late, then no group is behind, and the alert follows at once', async () => {
    assert.deepEqual(await told(0, hot(0), humid(7)), ['05:00 firing', '07:00 resolved'])
  })

  it('given a step that arrives after the event that followed it, then it does not wait for that', async () => {
    assert.deepEqual(await told(20, humid(3), hot(2)), [])
    assert.deepEqual(await told(20, hot(2), humid(3), hot(2.5)), [])
    assert.deepEqual(await told(20, humid(3), hot(3.5)), ['08:30 firing'])
  })

  it('given more steps, then each wait ends with the first event after it began', async () => {
    const early = ['05:00 firing', '05:30 resolved']
    assert.deepEqual(await told(20, hot(0), hot(3), humid(5.5)), early)
    assert.deepEqual(await told(20, hot(0), humid(5.5), hot(5.7)), [...early, '10:42 firing'])
    assert.deepEqual(await told(20, hot(0), hot(5.2), humid(5.5), humid(4.8)), [])
  })
})
