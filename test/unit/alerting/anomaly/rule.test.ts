import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { environmentReading as reading } from '#runtime/test/support/records'
import type { Alert } from '../../../../lib/alerting/alert.ts'
import { CONDITIONS } from '../../../../lib/alerting/kinds/all.ts'
import { parseRules } from '../../../../lib/alerting/parse-rules.ts'
import { alerting } from '../../../../lib/alerting/process.ts'
import { conditionRow } from '../../../../lib/alerting/read-condition.ts'
import validators from '../../../../lib/schemas/compiled.js'
import { FAMILIES } from '../../../support/families.ts'
import { Kit } from '../../../support/kit.ts'
import { createRule } from '../support.ts'

const STEP_S = 300
const DAY = 288
/** Index of the first reading that is warm; `warm` readings follow. */
const AT = 3 * DAY

interface Course {
  readonly keys?: Readonly<Record<string, unknown>>
  readonly at?: number
  readonly warm?: number
  readonly after?: number
  readonly usual?: (index: number) => number
}

/** Returns the alerts about a room that is warm for a while. */
async function runReadings(course: Course): Promise<Alert[]> {
  const { keys = {}, at = AT, warm = 12, after = 12, usual = index => 20 + ((index * 7) % 11) / 10 } = course

  const summary = '{{value}}, expected {{expected}}, {{expectedLow}} to {{expectedHigh}} ({{why}}, {{score}})'
  const kit = new Kit(alerting(FAMILIES, [createRule({ anomaly: {}, summary, ...keys })]))
  for (let index = 0; index < at + warm + after; index += 1) {
    const temperature = index >= at && index < at + warm ? 35 : usual(index)
    await kit.when(reading(`r${index}`, { at: index * STEP_S, temperature }))
  }
  return kit.publishedEvents.map(({ data }) => data as Alert)
}

describe('given a rule that learns what is usual', () => {
  test('when a room is warm, then one alert says what was expected, and why', async () => {
    const [fired, resolved, ...more] = await runReadings({})
    assert.ok(fired && resolved && more.length === 0)
    const { value, expected = 0, expectedLow = 0, expectedHigh = 0, score = 0, why, measured } = fired
    assert.deepEqual(
      [fired.status, value, why, measured, fired.threshold],
      ['firing', 35, 'spike', undefined, undefined],
    )
    assert.ok(expectedLow < 20.1 && expected > 20 && expected < 21 && expectedHigh > 21 && expectedHigh < 35)
    assert.ok(score >= 0.46 && score <= 1)
    assert.equal(
      fired.summary,
      `35 °C, expected ${expected} °C, ${expectedLow} °C to ${expectedHigh} °C (spike, ${score})`,
    )
    assert.deepEqual([resolved.status, resolved.reason], ['resolved', 'cleared'])
    for (const [type, data] of [
      ['io.sluice.alert.fired.v1', fired],
      ['io.sluice.alert.resolved.v1', resolved],
    ] as const)
      assert.equal(validators[type]?.(data), true)
  })

  test('when it must hold for a while, then it holds as long as the value is unusual', async () => {
    assert.equal((await runReadings({ keys: { for: '30m' } })).length, 2)
    assert.deepEqual(await runReadings({ keys: { for: '30m' }, warm: 6 }), [])
  })

  test('when a constant changes its level, then it holds as long as the level is another one', async () => {
    const constant = { usual: () => 20, keys: { for: '30m' } }
    const [fired, resolved, ...more] = await runReadings({ ...constant, warm: 24 })
    assert.ok(fired && resolved && more.length === 0)
    assert.deepEqual([fired.status, fired.value, resolved.status], ['firing', 35, 'resolved'])
    assert.match(fired.summary, /^35 °C, expected 20 °C, 20 °C to .* °C \(level, /)
    assert.deepEqual(await runReadings({ ...constant, warm: 6 }), [])
  })

  test('when it still learns, then nothing fires', async () => {
    assert.deepEqual(await runReadings({ at: DAY }), [])
    assert.equal((await runReadings({ at: DAY, keys: { anomaly: { learnFor: '12h' } } })).length, 2)
    assert.deepEqual(
      await runReadings({ at: 150, keys: { anomaly: { learnFor: 0 } } }),
      [],
      'at least 200 readings',
    )
  })

  test('when the room stays warm, then the alert ends, and does not come again', async () => {
    const alerts = await runReadings({ warm: 5 * DAY, after: 0 })
    assert.deepEqual(
      alerts.map(({ status }) => status),
      ['firing', 'resolved'],
    )
  })
})

test('given any readings, then the state is bounded, can be stored, and its score is from 0 to 1', () => {
  const { memory, fires } = CONDITIONS.anomaly
  const own = createRule({ anomaly: { sensitivity: 'high' } }).condition as Parameters<typeof fires>[0]
  const pauses = fc.constantFrom(0, 1_000, 60_000, 300_000, 300_000, 86_400_000)
  const values = fc.oneof(fc.constantFrom(0, 1), fc.double({ noNaN: true, min: -1e9, max: 1e9 }))
  const series = fc.array(fc.tuple(pauses, values), { minLength: 300, maxLength: 900, size: 'max' })
  fc.assert(
    fc.property(series, rows => {
      let [state, timeMs]: [object | undefined, number] = [undefined, 0]
      for (const [pauseMs, value] of rows) {
        timeMs += pauseMs
        const compared = memory?.compare(own, state as never, timeMs, value)
        assert.ok(compared)
        const text = JSON.stringify(compared.state)
        assert.ok(Buffer.byteLength(text) <= 2_048, text)
        state = JSON.parse(text)
        assert.ok(compared.value === null || (compared.value >= 0 && compared.value <= 1))
        for (const word of Object.values(compared.words ?? {}))
          assert.ok(typeof word === 'string' || Number.isFinite(word))
      }
    }),
    { numRuns: 20 },
  )
})

describe('given the keys of a rule', () => {
  const listErrors = (keys: Readonly<Record<string, unknown>>) =>
    parseRules(FAMILIES, {
      rules: [{ name: 'ODD', family: 'environment', metric: 'temperature', severity: 'info', ...keys }],
    }).errors.map(({ path, message }) => `${path.slice(2).join('.')}: ${message}`)

  test('when it is stored and read again, then it is the same', () => {
    const { condition } = createRule({ anomaly: { season: ['week'], learnFor: '3d' } })
    assert.deepEqual(conditionRow(condition), {
      anomaly: { sensitivity: 'medium', season: ['week'], learnFor: '259200s' },
    })
    assert.deepEqual(createRule(conditionRow(condition)).condition, condition)
  })

  const cases: readonly (readonly [Readonly<Record<string, unknown>>, RegExp])[] = [
    [{ anomaly: { sensitivity: 'huge' } }, /unknown value. Use low, medium, high/],
    [{ anomaly: { season: ['year'] } }, /unknown value. Use day, week/],
    [{ anomaly: { season: 'day' } }, /List of day and week/],
    [{ anomaly: { learnFor: 'long' } }, /Duration such as 90s/],
    [{ anomaly: { unit: '°F' } }, /unknown key. Use sensitivity, season, learnFor/],
    [{ anomaly: {}, fireAbove: 3 }, /exactly one of/],
    [{ anomaly: {}, unit: '°F' }, /does not go with anomaly/],
    [{ anomaly: {}, changeOver: '1h' }, /does not go with anomaly/],
    [{ anomaly: {}, metric: 'status' }, /is a state and not a number/],
  ]
  for (const [keys, message] of cases)
    test(`when it has ${JSON.stringify(keys)}, then it is refused`, () => {
      assert.ok(
        listErrors(keys).some(error => message.test(error)),
        JSON.stringify(listErrors(keys)),
      )
    })
})
