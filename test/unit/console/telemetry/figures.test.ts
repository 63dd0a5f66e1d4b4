import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { WatchingRule } from '../../../../console/api/telemetry/thresholds.ts'
import {
  conditionText,
  forText,
  searchedText,
  unitText,
  valueText,
} from '../../../../console/page/telemetry/figures.ts'
import { happeningText } from '../../../../console/page/telemetry/happening-text.ts'
import { spanNamed } from '../../../../console/page/telemetry/spans.ts'

const RULE: WatchingRule = {
  rule: 'R',
  name: 'R',
  metric: 'temperature',
  severity: 'warning',
  compares: 'value',
  fireAbove: 40,
  fireBelow: null,
  clearBelow: null,
  clearAbove: null,
  states: [],
  forMs: 0,
  isPaused: false,
}

describe('figures of telemetry', () => {
  it('given values, then they have their unit, and counts have none', () => {
    assert.deepEqual([valueText(21.456, '°C'), valueText(12_345, '1')], ['21.46 °C', '12,345'])
    assert.deepEqual([unitText('%'), unitText('1')], [' (%)', ''])
  })

  const conditions: [rule: Partial<WatchingRule>, text: string][] = [
    [{}, 'above 40 °C'],
    [{ fireBelow: 0 }, 'below 0 °C or above 40 °C'],
    [{ compares: 'change' }, 'change above 40 °C'],
    [{ compares: 'deviation' }, 'deviation above 40'],
    [{ compares: 'state', states: ['degraded', 'maintenance'] }, 'is degraded or maintenance'],
  ]
  for (const [rule, text] of conditions)
    it(`given a rule that fires ${text}, then it says so`, () =>
      assert.equal(conditionText({ ...RULE, ...rule }, '°C'), text))

  it('given a duration, then it is told, and none is at once', () => {
    const texts = [0, 90_000, 300_000, 7_200_000].map(forMs => forText({ ...RULE, forMs }))
    assert.deepEqual(texts, ['at once', '1 min 30 s', '5 min', '2 h'])
  })

  it('given a search that reached its limit, then it says what was left out', () => {
    assert.match(searchedText({ records: 200_000, ended: 'limit' }) ?? '', /last 200,000 records/)
    assert.equal(searchedText({ records: 5, ended: 'whole' }), undefined)
    assert.equal(searchedText({ records: 5, ended: 'enough' }), undefined)
  })

  it('given an unknown span, then it is an hour', () => {
    assert.deepEqual([spanNamed('').name, spanNamed('7').name, spanNamed('live').name], ['1', '1', 'live'])
  })

  const at = '2026-03-01T12:10:00.000Z'
  const happened: [type: string, details: Record<string, string | number>, text: string][] = [
    ['activity.changed.v1', { from: 'a', to: 'b', lastedSeconds: 90 }, 'a → b, after 1 min 30 s'],
    ['sensor.silent.v1', {}, 'has gone silent'],
    ['sensor.returned.v1', { silentSince: '2026-03-01T12:00:00.000Z' }, 'reports again, after 10 min 0 s'],
    ['device.fallen.v1', {}, 'has fallen, and not got up'],
    [
      'instance.restarted.v1',
      { memoryBefore: 80, memoryAfter: 40.5 },
      'has restarted: memory from 80 % to 40.5 %',
    ],
    ['new.v1', {}, 'io.sluice.new.v1'],
  ]
  for (const [type, details, text] of happened)
    it(`given io.sluice.${type}, then it says "${text}"`, () => {
      const happening = { id: '', type: `io.sluice.${type}`, at, entity: '', details }
      assert.equal(happeningText(happening), text)
    })
})
