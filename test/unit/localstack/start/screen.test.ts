import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Event } from '#runtime/consumer'
import type { Alert } from '../../../../lib/alerting/alert.ts'
import { alertLine, nameStack } from '../../../../localstack/start/screen.ts'
import { fired, firstAlert, resolved } from '../../../support/alerts.ts'
import { FAMILIES } from '../../../support/families.ts'

process.env.TZ = 'Europe/Vienna'
const NOW_MS = Date.parse('2026-03-01T20:00:00Z')

const line = ({ data, time = '' }: Event<Alert>, nowMs = NOW_MS) =>
  alertLine(FAMILIES, data as Alert, { timeMs: Date.parse(time) }, nowMs)

describe('the alerts that npm start shows', () => {
  it('given an alert that fires and resolves, then both lines have the value with its unit', () => {
    const alert = firstAlert({ summary: 'Extreme heat at s-1: 41 °C' })
    assert.equal(line(fired(alert)), '13:00:00 ▲ fired    HIGH_TEMP     critical Extreme heat at s-1: 41 °C')
    assert.equal(
      line(resolved(alert)),
      '14:00:00 ▽ resolved HIGH_TEMP     critical s-1: temperature is 30 °C',
    )
  })

  it('given a time in another zone, then the line has it in the zone of the machine', () => {
    const event = fired(firstAlert())
    assert.match(line({ ...event, time: '2026-03-01T17:30:00+05:30' }), /^13:00:00 ▲ fired/)
  })

  it('given a time of another day of the machine, then the line has its date', () => {
    const event = fired(firstAlert())
    assert.match(line(event, NOW_MS + 86_400_000), /^2026-03-01 13:00:00 ▲ fired/)
    assert.match(line({ ...event, time: '2026-02-28T23:30:00Z' }), /^00:30:00 ▲ fired/)
    assert.match(line({ ...event, time: '2026-02-28T22:30:00Z' }), /^2026-02-28 23:30:00 ▲ fired/)
  })

  it('given an alert of a row, then the row has its name', () => {
    const entity = { source: '/views/by_sensor/1', subject: '["oslo",3]' }
    const { metric: _, ...alert } = firstAlert({ entity })
    assert.match(line(resolved(alert as never)), / oslo, 3: cleared$/)
  })
})

describe('a hint of a stack', () => {
  const LINE = 'npx sluice topics create x; `sluice views drop` drops sluice.x; npm start -- --fresh'
  for (const [stack, line] of [
    ['local', LINE],
    ['lab', LINE.replaceAll('sluice ', 'sluice --stack lab ').replace('--fresh', '--name lab --fresh')],
  ] as const)
    it(`given ${stack}, then its commands name it unless it is the default stack`, () =>
      assert.equal(nameStack(LINE, stack), line))
})
