import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { writeEvent } from '#runtime/cloudevents'
import { type Event, formatEntity } from '#runtime/consumer'
import { environmentReading } from '#runtime/test/support/records'
import { MemoryLogReader } from '#runtime/testing'
import { findAlertCause } from '../../../../control/queries/alerts/alert-cause.ts'
import { firedAlert } from '../../../../lib/alerting/alert.ts'
import { createRule } from '../../alerting/support.ts'

const RULE = createRule({ fireAbove: 40, for: '1m' })
const READINGS = [
  environmentReading('before', { at: 0, temperature: 20 }),
  environmentReading('began', { at: 60, temperature: 41 }),
  environmentReading('other', { at: 120, temperature: 50, sensor: 's-10' }),
  environmentReading('fired', { at: 120, temperature: 42 }),
]

function createAlert(event: Event) {
  const timeMs = (at: number) => Date.parse(READINGS[at]?.time ?? '')
  return firedAlert(
    RULE,
    { ...event, entity: formatEntity(event) },
    {
      ...{ value: 42, threshold: 40, activeAtMs: timeMs(1), firedAtMs: timeMs(3) },
    },
  )
}

function findCause(readings: readonly Event[], signal?: AbortSignal) {
  const records = readings.map((event, offset) => {
    const place = { topic: 'readings', partition: 0, offset, timestampMs: offset, key: null }
    return { ...place, ...writeEvent(event) }
  })
  const ranges = [{ topic: 'readings', partition: 0, start: 0, end: records.length }]
  const alert = createAlert(READINGS[3] as Event)
  return findAlertCause(new MemoryLogReader(records), ranges, alert, async same => same, signal)
}

describe('the reading that caused an alert', () => {
  it('given the reading that fired it, then it is found by the id of the alert', async () => {
    const cause = await findCause(READINGS)
    assert.deepEqual([cause?.as, cause?.event.id, cause?.record.offset], ['fired', 'fired', 3])
  })

  it('given that time has fired it, then the reading with which the condition began is found', async () => {
    const cause = await findCause(READINGS.slice(0, 3))
    assert.deepEqual([cause?.as, cause?.event.id], ['began', 'began'])
  })

  it('given neither, then it is the last reading of the same entity before it fired', async () => {
    const cause = await findCause([READINGS[0] as Event, READINGS[2] as Event])
    assert.deepEqual([cause?.as, cause?.event.id], ['last', 'before'])
  })

  it('given no records of the entity, then no cause is found', async () =>
    assert.equal(await findCause([READINGS[2] as Event]), undefined))

  it('given that it takes too long, then it ends', async () =>
    assert.rejects(findCause(READINGS, AbortSignal.abort()), { name: 'AbortError' }))
})
