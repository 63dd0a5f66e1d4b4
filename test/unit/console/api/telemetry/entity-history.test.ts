import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readEntityHistory } from '../../../../../console/api/telemetry/entity-history.ts'
import { MAX_READINGS } from '../../../../../console/api/telemetry/telemetry-reader.ts'
import { withReading } from '../../../../../lib/analytics/metric-statistics.ts'
import { assignToMinute } from '../../../../../lib/analytics/minutes.ts'
import { STATISTICS } from '../../../../../lib/analytics/processor.ts'
import { FAMILIES } from '../../../../support/families.ts'

const ROOF = '/greenhouse/north roof-1'
const MINUTE_MS = 60_000
const QUARTER_MS = 15 * MINUTE_MS

/** Returns the history of an entity that has these readings and minutes. */
function readHistory(
  readings: readonly { readonly timeMs: number }[],
  { hours = 0.25, minutes = [] as readonly number[], nowMs = Date.now(), ended = 'whole' } = {},
) {
  const measured = { values: [['temperature', 21]] as const, timeMs: nowMs }
  const state = {
    family: 'environment',
    metrics: withReading({}, measured),
    minutes: assignToMinute(undefined, measured).minutes,
  }
  const states = async ({ consumer }: { readonly consumer: string }) =>
    consumer === STATISTICS ? state : undefined
  const environment = {
    config: { families: FAMILIES },
    inspection: async () => ({ state: states, states: async () => [] }),
    topicSize: async (topic: string) => ({ topic, partitions: 1 }),
  }
  const toFound = (found: readonly object[]) => async () => ({
    found: found.map(own => ({ entity: ROOF, ...own })),
    searched: { records: found.length, ended },
  })
  const metrics = { temperature: { count: 2, mean: 21, standardDeviation: 0, minimum: 20, maximum: 22 } }
  const reader = {
    readings: toFound(readings.map(own => ({ values: { temperature: 21 }, ...own }))),
    minutes: toFound(minutes.map(ago => ({ timeMs: nowMs - ago * MINUTE_MS, revision: 1, metrics }))),
    alerts: toFound([]),
  }
  const query = { entities: [ROOF], family: '', hours, metric: 'temperature' }
  return readEntityHistory(environment as never, reader as never, query)
}

describe('a chart of the readings of 15 minutes', () => {
  for (const [title, found, beginsMs, ended] of [
    ['as many readings as a query returns', MAX_READINGS, 60_000, 'limit'],
    ['as many, which reach its start', MAX_READINGS, -1, 'whole'],
    ['one fewer', MAX_READINGS - 1, 60_000, 'whole'],
  ] as const)
    it(`given ${title}, then it ${ended === 'limit' ? 'says' : 'does not say'} that it is cut`, async () => {
      const nowMs = Date.now()
      const fromMs = nowMs - QUARTER_MS + beginsMs
      const readings = Array.from({ length: found }, (_, index) => ({
        timeMs: fromMs + Math.floor((index * (nowMs - fromMs)) / found),
      }))
      const history = await readHistory(readings, { nowMs })
      assert.equal(history.searched?.ended, ended)
    })
})

describe('a chart of the minutes of an hour', () => {
  for (const [title, minutes, step, points] of [
    ['no minute that has ended', [], 'reading', 2],
    ['few minutes, one of them with a revision', [55, 6, 5, 4, 1, 1], 'reading', 2],
    ['more minutes', [55, 6, 5, 4, 2, 1], 'minute', 7],
  ] as const)
    it(`given ${title}, then each point is a ${step}`, async () => {
      const nowMs = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS
      const readings = [{ timeMs: nowMs - 5_000 }, { timeMs: nowMs }]
      const history = await readHistory(readings, { hours: 1, minutes, nowMs })
      assert.deepEqual([history.step, history.entities[0]?.lines.temperature?.length], [step, points])
    })

  it('given few minutes, but readings that cannot be searched in time, then its points are minutes', async () => {
    const history = await readHistory([], { hours: 1, minutes: [2, 1], ended: 'limit' })
    assert.equal(history.step, 'minute')
  })
})
