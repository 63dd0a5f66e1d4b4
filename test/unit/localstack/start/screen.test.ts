import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Event } from '#runtime/consumer/event.ts'
import type { Alert } from '../../../../lib/alerting/alert.ts'
import { alertLine } from '../../../../localstack/start/screen.ts'
import { fired, firstAlert, resolved } from '../../../support/alerts.ts'

const line = ({ data, time = '' }: Event<Alert>) =>
  alertLine(data as Alert, { time, timeMs: Date.parse(time) })

describe('the alerts that npm start shows', () => {
  it('given an alert that fires and resolves, then both lines have the value with its unit', () => {
    const alert = firstAlert({ summary: 'Extreme heat at s-1: 41 °C' })
    assert.equal(line(fired(alert)), '12:00:00 ▲ fired    HIGH_TEMP     critical Extreme heat at s-1: 41 °C')
    assert.equal(
      line(resolved(alert)),
      '13:00:00 ▽ resolved HIGH_TEMP     critical s-1: temperature is 30 °C',
    )
  })

  it('given an alert of a row, then the row has its name', () => {
    const entity = { source: '/views/by_sensor/1', subject: '["oslo",3]' }
    const { metric: _, ...alert } = firstAlert({ entity })
    assert.match(line(resolved(alert as never)), / oslo, 3: cleared$/)
  })
})
