import assert from 'node:assert/strict'
import { toCloudEvent } from '@sluice/runtime/cloudevents'

// An event as a handler gets it: its time is that of its record, because its producer has not set one.
const order = { id: '1', type: 'order', source: '/orders', subject: 'c-1', data: { cents: 1200 } }
const event = toCloudEvent({ ...order, timeMs: Date.UTC(2026, 0, 1) })

assert.equal(event.data?.cents, 1200)
assert.equal(event.time, '2026-01-01T00:00:00.000Z')
assert(event.validate())
