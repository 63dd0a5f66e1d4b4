import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { recentJourneys } from '../../../console/journey/recent.ts'
import { SpanStore } from '../../../console/spans/span-store.ts'
import { aDecision, anEmission } from '../../support/journey.ts'

describe('the newest events', () => {
  it('given spans that arrive in the wrong order, then causes come before what came of them', () => {
    const alert = anEmission()
    const group = {
      id: 'group',
      source: '/notifier',
      type: 'io.sluice.alert.routed.v1',
      subject: 'HIGH_TEMP',
    }
    const spans = new SpanStore()
    spans.add([
      anEmission({ span: 400, parent: 300, event: group, topic: 'notifications' }),
      aDecision({ span: 300, parent: 200, consumer: 'notifier', topic: 'alerts', event: alert.event }),
    ])
    spans.add([alert, aDecision()])
    const [journey] = recentJourneys({ spans }).journeys
    assert.deepEqual(journey?.emitted, ['io.sluice.alert.fired.v1', 'io.sluice.alert.routed.v1'])
  })
})
