import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { alerting } from '../../../../lib/alerting/process.ts'
import { loadRules } from '../../../../lib/alerting/rules-directory.ts'
import { environmentReading, logRecord } from '../../../support/records.ts'
import { Stage } from '../../../support/stage.ts'

const rules = await loadRules(join(import.meta.dirname, '..', '..', '..', '..', 'config/rules'))
const location = { site: 'test-site', latitude: 1, longitude: 2 }

/** The record of an environment reading with these metrics and this unit. */
function record(offset: number, metrics: object, unit?: string, id = `r-${offset}`) {
  const data = { sensorId: 's-1', location, ...metrics, ...(unit === undefined ? {} : { unit }) }
  return logRecord(offset, environmentReading(id, { at: offset * 10, data }))
}

describe('a reading in another unit than its family has', () => {
  it('given 80 °F, then no alert of heat fires; given 110 °F, then it does, with the value in °C', async () => {
    const stage = new Stage(alerting(rules))
    await stage.batch([record(0, { temperature: 80 }, 'fahrenheit')])
    assert.deepEqual(stage.events, [])
    await stage.batch([record(1, { temperature: 110 }, 'F')])
    const [fired, ...others] = stage.events.map(({ data }) => data as Record<string, unknown>)
    assert.deepEqual(others, [])
    assert.equal(fired?.rule, 'HIGH_TEMP')
    assert.equal(fired?.value, 43.3333333333)
    assert.equal(fired?.summary, 'Extreme heat at s-1: 43.3333 °C, above 40 °C')
  })

  it('given a unit that fits none of its metrics, then it leaves as a failure, as it was sent', async () => {
    const stage = new Stage()
    const sent = record(0, { temperature: 21 }, 'hPa')
    assert.deepEqual(await stage.batch([sent]), { batchItemFailures: [] })
    assert.deepEqual(stage.outcomes, ['failed/unit-mismatch'])
    const failure = stage.events[0]?.data as Record<string, unknown>
    assert.equal(failure.error, '"unit" is hPa, but the reading has temperature (°C)')
    assert.equal(failure.originalValue, sent.value?.toString('base64'))
  })

  it('given a value beyond its bounds once converted, then it breaks the schema, and the message says why', async () => {
    const stage = new Stage()
    const [good, converted, own] = [{ humidity: 0.4 }, { humidity: 2 }, { humidity: 101 }]
    await stage.batch([record(0, good, 'ratio'), record(1, converted, 'ratio'), record(2, own)])
    assert.deepEqual(stage.outcomes, ['applied/counted', 'failed/schema-violated', 'failed/schema-violated'])
    const failures = stage.events.filter(({ type }) => type === 'io.sluice.failure.v1')
    assert.deepEqual(
      failures.map(({ data }) => (data as Record<string, unknown>).error),
      ['humidity must be <= 100 (converted from ratio)', 'humidity must be <= 100'],
    )
  })

  it('given an id that is used again for the same temperature in another unit, then that is other content', async () => {
    const stage = new Stage()
    await stage.batch([
      record(0, { temperature: 50 }, 'F', 'same'),
      record(1, { temperature: 10 }, '°C', 'same'),
    ])
    assert.deepEqual(stage.outcomes, ['applied/counted', 'failed/id-conflict'])
  })
})
