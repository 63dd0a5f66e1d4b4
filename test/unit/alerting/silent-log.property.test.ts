/** Time in which the log had stopped does not count as silence, wherever it is and whichever entity returns first. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { logRecord, environmentReading as reading } from '#runtime/test/support/records'
import type { Alert } from '../../../lib/alerting/alert.ts'
import { alerting } from '../../../lib/alerting/process.ts'
import { tick } from '../../../lib/telemetry/tick.ts'
import { FAMILIES } from '../../support/families.ts'
import { Stage } from '../../support/stage.ts'
import { createRule } from './support.ts'

const NOON = Date.parse('2026-03-01T12:00:00Z')
const MINUTE = 60_000
const SENSORS = ['a', 'b', 'c'] as const
const RULES = (['ok', 'alert', 'no-data'] as const).map(onSilence =>
  createRule({ name: onSilence.replace('-', '_'), fireAbove: 40, staleAfter: '6m', onSilence }),
)
/** Temperatures of each minute, and whether ticks come before them. */
const minutes = fc.array(
  fc.record({
    isTickFirst: fc.boolean(),
    temperatures: fc.tuple(...SENSORS.map(() => fc.constantFrom(null, null, null, 20, 50))),
  }),
  { minLength: 5, maxLength: 40, size: 'max' },
)

/** Returns the alerts if the log stops for so many minutes before the minute `hole`. */
async function told(
  log: readonly { isTickFirst: boolean; temperatures: readonly (number | null)[] }[],
  hole: number,
  holeMinutes: number,
) {
  const stage = new Stage(alerting(FAMILIES, RULES) as never)
  const records = log.flatMap(({ isTickFirst, temperatures }, minute) => {
    const at = minute + (minute < hole ? 0 : holeMinutes)
    const readings = SENSORS.flatMap((sensor, index) => {
      const temperature = temperatures[index]
      return typeof temperature === 'number'
        ? [reading(`${sensor} ${minute}`, { sensor, at: at * 60, temperature })]
        : []
    })
    const beat = tick(0, new Date(NOON + at * MINUTE).toISOString())
    const events = isTickFirst ? [beat, ...readings] : [...readings, beat]
    return events.map(event => ({ event, timestampMs: NOON + at * MINUTE }))
  })
  await stage.batch(
    records.map(({ event, timestampMs }, offset) => logRecord(offset, event, { timestampMs })),
  )
  assert.ok(stage.outcomes.every(outcome => !outcome.startsWith('failed')))
  const alerts = stage.events.map(({ data }) => data as Alert)
  const isDown = ({ rule }: Alert) => rule === 'PIPELINE_DOWN'
  return {
    down: alerts.filter(isDown),
    others: alerts
      .filter(alert => !isDown(alert))
      .map(({ rule, labels, entity, status, reason }) => [rule, labels, entity.subject, status, reason]),
  }
}

test('a log that stopped for an hour has the alerts of two minutes, and one more', async () => {
  await fc.assert(
    fc.asyncProperty(minutes, fc.nat(), async (log, anywhere) => {
      const hole = 1 + (anywhere % (log.length - 1))
      // The clock of the log advances by two minutes in both.
      const short = await told(log, hole, 1)
      const long = await told(log, hole, 60)
      assert.deepEqual(long.others, short.others)
      assert.deepEqual(short.down, [])
      assert.deepEqual(
        long.down.map(({ status }) => status),
        ['firing', 'resolved'],
      )
    }),
    { numRuns: 150 },
  )
})
