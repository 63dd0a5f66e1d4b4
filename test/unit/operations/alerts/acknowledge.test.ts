import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { acknowledge } from '../../../../lib/operations/alerts/acknowledge.ts'
import { alertSummary } from '../../../../lib/tables/alert-summary.ts'
import { Unavailable } from '../../../../packages/runtime/pipeline/errors.ts'
import { MemoryPublisher } from '../../../../packages/runtime/testing/publisher.ts'
import { firstAlert } from '../../../support/alerts.ts'

const ALERT = firstAlert()
const FIRING = {
  ...alertSummary(ALERT, { traceparent: null, acknowledged: null }),
  places: [{ partition: 0, events: '/alerting A x', firing: { alert: ALERT } }],
}

/** An acknowledgement, and what Redis answers when the view is asked for it. */
async function acknowledged(state: () => Promise<unknown>) {
  const publisher = new MemoryPublisher()
  const to = {
    inspection: { state },
    publisher: async () => publisher,
    topic: { topic: 'alerts', partitions: 1 },
    contentMode: 'binary',
  } as const
  const said = { acknowledged: true, by: 'ada' }
  const { outcome } = await acknowledge(to, FIRING, said, new AbortController().signal)
  return { outcome, published: publisher.published.length }
}

describe('the acknowledgement of an alert', () => {
  it('given that Redis goes away once it is in the log, then it is done, and shown later', async () => {
    const away = () => Promise.reject(new Unavailable('store-unavailable', 'Redis does not answer'))
    assert.deepEqual(await acknowledged(away), { outcome: 'not-yet', published: 1 })
  })

  it('given that the alert has ended meanwhile, then it is resolved', async () =>
    assert.deepEqual(await acknowledged(async () => undefined), { outcome: 'resolved', published: 1 }))
})
