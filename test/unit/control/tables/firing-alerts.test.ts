import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { firingNow } from '../../../../control/tables/firing-alerts.ts'
import type { FiringAlert } from '../../../../lib/notification/firing-alerts.ts'
import { firstAlert } from '../../../support/alerts.ts'
import { FAMILIES } from '../../../support/families.ts'
import { createInspection, type StoredPartition } from './stored.ts'

const TOPIC = { topic: 'alerts', partitions: 3 }

/** Returns the view's state for one entity in a partition. */
function holding(events: string, ...firing: readonly FiringAlert[]): StoredPartition {
  const alerts = Object.fromEntries(firing.map(alert => [alert.alert.fingerprint, alert]))
  return { states: [[events, { alerts }]] }
}

describe('the alerts that fire now', () => {
  it('given states of the view, then each alert is listed once, in the order of firing', async () => {
    const later = firstAlert({ alertId: 'b', fingerprint: 'f-b', startedAt: '2026-03-01T13:00:00.000Z' })
    const first = holding('/alerting B x', { alert: later, traceparent: '00-t', writtenMs: 0 })
    const found = await firingNow(
      FAMILIES,
      createInspection({
        'notifier alerts/0': { states: [...(first.states ?? []), ...(first.states ?? [])] },
        'notifier alerts/2': holding('/alerting A x', { alert: firstAlert() }),
      }),
      TOPIC,
    )
    assert.deepEqual(
      found.map(({ id, changedAt, traceparent, places }) => [
        id,
        changedAt,
        traceparent,
        places.map(({ partition, events }) => `${partition} ${events}`),
      ]),
      [
        ['a-1', '2026-03-01T12:00:00.000Z', null, ['2 /alerting A x']],
        ['b', '1970-01-01T00:00:00.000Z', '00-t', ['0 /alerting B x']],
      ],
    )
  })

  it('given one alert that several partitions report, then it is one', async () => {
    const told = (fingerprint: string, minute: string): FiringAlert => ({
      alert: firstAlert({ fingerprint, startedAt: `2026-03-01T12:${minute}:00.000Z` }),
    })
    const [alert, ...others] = await firingNow(
      FAMILIES,
      createInspection({
        'notifier alerts/0': holding('/alerting DOWN x', told('f-1', '05')),
        'notifier alerts/1': holding('/alerting DOWN x', told('f-2', '04'), told('f-3', '06')),
      }),
      TOPIC,
    )
    assert.deepEqual(others, [])
    assert.deepEqual([alert?.startedAt, alert?.places.length], ['2026-03-01T12:04:00.000Z', 3])
  })

  it('given a view that holds nothing, then none fires', async () =>
    assert.deepEqual(await firingNow(FAMILIES, createInspection({}), TOPIC), []))
})
