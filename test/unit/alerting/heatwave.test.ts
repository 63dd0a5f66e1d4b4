/** The recorded heatwave, and an independent count of what must come of it. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { it } from 'node:test'
import { PROJECT } from '@sluice/test-kit/program'
import { logRecord } from '#runtime/test/support/records'
import { alerting } from '../../../lib/alerting/process.ts'
import { createStatistics, type EntityStatistics, summarise } from '../../../lib/analytics/processor.ts'
import { FAMILIES } from '../../support/families.ts'
import { Stage } from '../../support/stage.ts'
import { createRule } from './support.ts'

const THRESHOLD = 27
const lines = (await readFile(join(PROJECT, 'events', 'streams', 'heatwave.jsonl'), 'utf8'))
  .trim()
  .split('\n')
const events = lines.map(line => JSON.parse(line))
const byEntity = Map.groupBy(events, ({ source, subject }) => `${source} ${subject}`)

async function decided(process: unknown) {
  const stage = new Stage(process as never)
  await stage.batch(
    events.map((event, offset) => logRecord(offset, event, { timestampMs: Date.parse(event.time) })),
  )
  return stage
}

it('given a recorded heatwave, then its statistics are those of a count by hand', async () => {
  const stage = await decided(createStatistics(FAMILIES))
  for (const [entity, own] of byEntity) {
    const values = own.map(({ data }) => data.temperature)
    const found = summarise((await stage.state(entity)) as EntityStatistics).metrics.temperature
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    assert.deepEqual(
      [found?.count, found?.minimum, found?.maximum, found?.mean?.toFixed(6)],
      [values.length, Math.min(...values), Math.max(...values), mean.toFixed(6)],
    )
  }
})

it('given a recorded heatwave, then its alerts are those of a count by hand', async () => {
  const stage = await decided(alerting(FAMILIES, [createRule({ fireAbove: THRESHOLD })]))
  const counts = { fired: 0, resolved: 0 }
  for (const own of byEntity.values()) {
    let [latest, isFiring] = ['', false]
    for (const { time, data } of own) {
      // Late readings do not count.
      if (time < latest) continue
      latest = time
      if (data.temperature > THRESHOLD && !isFiring) counts.fired += 1
      if (data.temperature <= THRESHOLD && isFiring) counts.resolved += 1
      isFiring = data.temperature > THRESHOLD
    }
  }
  const count = (type: string) =>
    stage.events.filter(event => event.type === `io.sluice.alert.${type}.v1`).length
  assert.ok(counts.fired > 0)
  assert.deepEqual({ fired: count('fired'), resolved: count('resolved') }, counts)
})
