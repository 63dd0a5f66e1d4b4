import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readEntityHistory } from '../../../../../console/api/telemetry/entity-history.ts'
import { MAX_READINGS } from '../../../../../console/api/telemetry/telemetry-reader.ts'
import { withReading } from '../../../../../lib/analytics/metric-statistics.ts'
import { assignToMinute } from '../../../../../lib/analytics/minutes.ts'
import { STATISTICS } from '../../../../../lib/analytics/processor.ts'
import { FAMILIES } from '../../../../support/families.ts'

const ROOF = '/greenhouse/north roof-1'
const QUARTER_MS = 15 * 60_000

describe('a chart of the readings of 15 minutes', () => {
  for (const [title, found, beginsMs, ended] of [
    ['as many readings as a query returns', MAX_READINGS, 60_000, 'limit'],
    ['as many, which reach its start', MAX_READINGS, -1, 'whole'],
    ['one fewer', MAX_READINGS - 1, 60_000, 'whole'],
  ] as const)
    it(`given ${title}, then it ${ended === 'limit' ? 'says' : 'does not say'} that it is cut`, async () => {
      const nowMs = Date.now()
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
      const fromMs = nowMs - QUARTER_MS + beginsMs
      const readings = Array.from({ length: found }, (_, index) => ({
        entity: ROOF,
        timeMs: fromMs + Math.floor((index * (nowMs - fromMs)) / found),
        values: { temperature: 21 },
      }))
      const searched = { records: found, ended: 'whole' }
      const reader = {
        readings: async () => ({ found: readings, searched }),
        alerts: async () => ({ found: [], searched }),
      }
      const query = { entities: [ROOF], family: '', hours: 0.25, metric: 'temperature' }
      const history = await readEntityHistory(environment as never, reader as never, query)
      assert.equal(history.searched?.ended, ended)
    })
})
