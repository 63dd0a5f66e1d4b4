import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Event, formatEntity } from '#runtime/consumer'
import { formatOrigin } from '#runtime/pipeline'
import { createSequence } from '#runtime/test/support/inside'
import { environmentReading, logRecord } from '#runtime/test/support/records'
import { MemoryLogReader } from '#runtime/testing'
import { CausedAlerts } from '../../../cli/consume/caused-alerts.ts'
import { emitAlert, firedAlert, resolvedAlert } from '../../../lib/alerting/alert.ts'
import { FAMILIES } from '../../support/families.ts'
import { collectEmission } from '../../support/step-calls.ts'
import { createRule } from '../alerting/support.ts'

const READINGS = ['s-1', 's-2'].map((sensor, at) =>
  environmentReading(sensor, { sensor, at, temperature: 45 }),
)

/** Alert that a reading caused, whose offset is its place in the list. */
function alertAt(offset: number, isResolved = false): Event {
  const reading = READINGS[offset] as Event
  const entity = { ...reading, entity: formatEntity(reading) }
  const fired = firedAlert(createRule({ name: 'HOT', fireAbove: 40, severity: 'critical' }), entity, {
    ...{ value: 45, threshold: 40, activeAtMs: 0, firedAtMs: 0 },
  })
  const alert = isResolved ? resolvedAlert(fired, 0, 'rule-removed') : fired
  const origin = formatOrigin(
    { consumer: 'alerting', topic: 'readings', partition: 0 },
    { cluster: 'c', topicId: '1' },
  )
  const { type } = collectEmission(step => emitAlert(step, alert, entity))
  const extensions = createSequence({ offset, index: 0, origin })
  return { id: 'a', source: '/alerting', type, data: alert, extensions }
}

describe('given records and alerts, when both are shown', () => {
  /** Shows readings by their number and alerts in this order, and returns the lines. */
  async function shown(...all: readonly (number | Event)[]): Promise<string[]> {
    const lines: string[] = []
    const alerts = new CausedAlerts(FAMILIES, new MemoryLogReader([]), line => lines.push(line))
    for (const value of all)
      if (typeof value === 'number') {
        lines.push(`reading ${value}`)
        alerts.showBelow(logRecord(value, READINGS[value] as Event), READINGS[value] as Event)
      } else await alerts.show(value, 'readings')
    return lines.map(line => line.replace(/ {2}[\w-]{22} {2}/, ' ID '))
  }

  it('then an alert stands below its record, with its id', async () => {
    const lines = await shown(0, alertAt(0), 1, alertAt(1), alertAt(1, true))
    assert.deepEqual(lines, [
      'reading 0',
      '  ▲ fired    HOT critical ID s-1: temperature is 45 °C, above 40 °C',
      'reading 1',
      '  ▲ fired    HOT critical ID s-2: temperature is 45 °C, above 40 °C',
      '  ▽ resolved HOT critical ID s-2: rule-removed',
    ])
  })

  it('then an alert that comes later names its record', async () => {
    const [, , line] = await shown(0, 1, alertAt(0))
    assert.match(line ?? '', /^ {2}0@0 s-1: ▲ fired {4}HOT critical ID /)
  })

  it('then an alert that is read before its record waits for it, and one of a record that is not shown is left out', async () => {
    const lines = await shown(alertAt(1), 0, 1)
    assert.deepEqual([lines.length, lines.findIndex(line => line.includes('▲'))], [3, 2])
  })
})
