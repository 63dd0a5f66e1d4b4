import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Notification } from '../../../lib/notification/notification.ts'
import { NOTIFICATION_TYPE } from '../../../lib/notification/notification.ts'
import { outcomeOf, sentNotifications, undeliveredIn } from '../../../lib/queries/sent-notifications.ts'
import { logRecord } from '../../../packages/runtime/testing/records.ts'
import { deadLetterRecord } from '../../support/dead-letters.ts'
import { fired } from '../notification/support.ts'

const TOPIC = 'sluice.telemetry.notifications.local'
const PLACE = { partition: 1, offset: 7 }
const FAILED = { consumer: 'notify-webhook', error: 'pager: status 404', ...PLACE }

const notification = (id: string): Notification => ({
  notificationId: id,
  group: 'all{}',
  groupLabels: {},
  status: 'firing',
  reason: 'new',
  receivers: ['pager'],
  alerts: [fired('a-1')],
  omitted: 0,
})

function record(offset: number, id: string, data: object = notification(id), time = '2026-03-01T12:00:00Z') {
  const event = { id, source: '/notification', type: NOTIFICATION_TYPE, time, data }
  return logRecord(offset, { ...event, datacontenttype: 'application/json' }, { topic: TOPIC })
}

describe('sent notifications', () => {
  it('given a copy that was tried again, then the notification is listed once, where it was first', () => {
    const later = record(1, 'n-2', undefined, '2026-03-01T13:00:00Z')
    const found = sentNotifications([record(0, 'n-1'), later, record(2, 'n-1')])
    assert.deepEqual(
      found.map(({ id, offset }) => [id, offset]),
      [
        ['n-2', 1],
        ['n-1', 0],
      ],
    )
  })

  it('given an event that any client wrote, without receivers, then it is left out', () => {
    assert.deepEqual(sentNotifications([record(0, 'n-1', { group: 'all{}' })]), [])
  })

  it('given dead letters, then only those of notifications count, each with its place', () => {
    const changes = { consumer: 'notify-webhook', originalTopic: TOPIC, error: 'pager: status 404' }
    const letters = [
      deadLetterRecord({ ...changes, originalPartition: 1, originalOffset: 7 }),
      deadLetterRecord(),
    ]
    assert.deepEqual(undeliveredIn(letters, TOPIC), [{ ...FAILED, letter: '2:17' }])
  })

  it('given a sink that has not come to it, then it waits; one that has passed it without failure is done', () => {
    assert.equal(outcomeOf(PLACE, 'notify-sns', 6, []).state, 'waiting')
    assert.equal(outcomeOf(PLACE, 'notify-sns', 7, [FAILED]).state, 'passed')
  })

  it('given a failure, then it is tried again; given its dead letter, then that is the end', () => {
    assert.equal(outcomeOf(PLACE, 'notify-webhook', 7, [FAILED]).state, 'failed')
    const { state, letter } = outcomeOf(PLACE, 'notify-webhook', 7, [{ ...FAILED, letter: '2:17' }, FAILED])
    assert.deepEqual([state, letter], ['dead-letter', '2:17'])
  })
})
