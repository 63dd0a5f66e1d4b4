import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { WatchingRule } from '../../../../console/api/telemetry/entity-details.ts'
import {
  addGaps,
  computeRange,
  findFirstMs,
  listLegend,
} from '../../../../console/page/charts/chart-series.ts'
import {
  toBands,
  toLevels,
  toMinuteColumns,
  toSpans,
  toStoredColumns,
} from '../../../../console/page/telemetry/entity-series.ts'
import { firstAlert } from '../../../support/alerts.ts'

const MINUTE = 60_000
const history = (minutes: readonly number[]) => ({
  minutes: minutes.map(minute => minute * MINUTE),
  metrics: {
    temperature: { mean: minutes, minimum: minutes.map(at => at - 1), maximum: minutes.map(at => at + 1) },
  },
  alerts: [],
  searched: { records: 0, ended: 'whole' as const },
})
const open = (minute: number) => ({
  startMs: minute * MINUTE,
  metrics: { temperature: { mean: minute, minimum: minute, maximum: minute } },
})
const rule: WatchingRule = {
  rule: 'HOT',
  name: 'HOT',
  metric: 'temperature',
  severity: 'critical',
  compares: 'value',
  text: 'above 40 °C',
  unit: '°C',
  fireAbove: 40,
  fireBelow: null,
  clearBelow: 40,
  clearAbove: null,
  states: [],
  forMs: 0,
  isPaused: false,
}

describe('what charts are drawn from', () => {
  it('given a rule that learns, then its usual values are a band, without bounds that it does not know', () => {
    const usual = [
      [0, null, 5],
      [60_000, 1, 5],
      [120_000, 2, 6],
    ] as const
    const bands = toBands([rule, { ...rule, learned: { learningMs: 0, usual } }])
    assert.deepEqual(bands, [
      {
        severity: 'critical',
        points: [
          [60, 1, 5],
          [120, 2, 6],
        ],
      },
    ])
    assert.deepEqual(toBands([{ ...rule, learned: { learningMs: 0, usual: usual.slice(0, 2) } }]), [])
  })

  it('given minutes and the open one, then each has its values in its middle, the open one last', () => {
    const { times, lists } = toMinuteColumns(history([1, 2]), open(3), 'temperature')
    assert.deepEqual(times, [90, 150, 210])
    assert.deepEqual(lists, [
      [1, 2, 3],
      [0, 1, 3],
      [2, 3, 3],
    ])
  })

  it('given an open minute that has been published before, then it is there once', () => {
    assert.deepEqual(toMinuteColumns(history([1, 2]), open(2), 'temperature').times, [90, 150])
  })

  it('given hours of the database, then the current one ends with the chart, and each missing hour is a gap', () => {
    const hours = [0, 1, 3, 4, 5].map(hour => hour * 60 * MINUTE)
    const points = {
      startMs: hours,
      mean: [1, 2, 3, 4, 5],
      minimum: [0, 1, 2, 3, 4],
      maximum: [2, 3, 4, 5, 6],
    }
    const stored = { step: 'hour' as const, metrics: { temperature: points } }
    const now = { openMinute: open(310), endsMs: 310 * MINUTE }
    const { times, lists } = toStoredColumns(stored, now, 'temperature')
    assert.deepEqual(
      times.map(at => at / 60),
      [30, 90, 150, 210, 270, 310],
    )
    assert.deepEqual(lists[0], [1, 2, null, 3, 4, 5])
    assert.deepEqual(toStoredColumns(stored, now, 'humidity').times, [])
  })

  it('given an entity with a reading every three hours, then its hours are joined, but not past twice that time', () => {
    const hours = [0, 3, 6, 9, 12, 18]
    const startMs = hours.map(hour => hour * 60 * MINUTE)
    const points = { startMs, mean: hours, minimum: hours, maximum: hours }
    const stored = { step: 'hour' as const, metrics: { temperature: points } }
    const now = { openMinute: open(0), endsMs: 24 * 60 * MINUTE }
    assert.deepEqual(toStoredColumns(stored, now, 'temperature').lists[0], [0, 3, 6, 9, 12, null, 18])
  })

  it('given minutes of the database, then those without readings are a gap of this metric alone, and the open one is last', () => {
    const startMs = [1, 2, 9, 10].map(minute => minute * MINUTE)
    const points = { startMs, mean: [1, 2, 9, 10], minimum: [1, 2, 9, 10], maximum: [1, 2, 9, 10] }
    const stored = { step: 'minute' as const, metrics: { temperature: points } }
    const now = { openMinute: open(11), endsMs: 12 * MINUTE }
    assert.deepEqual(toStoredColumns(stored, now, 'temperature').lists[0], [1, 2, null, 9, 10, 11])
  })

  it('given a metric that was never reported, then there is nothing to draw', () => {
    assert.deepEqual(toMinuteColumns(history([1]), open(2), 'humidity').lists[0], [undefined, undefined])
  })

  it('given a time without a minute, then the line is broken there', () => {
    const { times, lists } = toMinuteColumns(history([1, 2, 9]), open(10), 'temperature')
    assert.deepEqual(times, [90, 150, 360, 570, 630])
    assert.deepEqual(lists[0], [1, 2, null, 9, 10])
  })

  it('given readings every ten minutes, then these intervals do not count as gaps', () => {
    const times = [0, 600, 1200, 1800]
    assert.deepEqual(addGaps({ times, lists: [times] }, 60).times, times)
  })

  it('given rules, then limits of values are lines, and those of changes, states and paused rules are not', () => {
    const rules = [
      rule,
      { ...rule, name: 'BAND', fireAbove: 50, fireBelow: 0 },
      { ...rule, compares: 'change' },
      { ...rule, isPaused: true },
      { ...rule, metric: 'humidity' },
    ]
    assert.deepEqual(
      toLevels(rules, 'temperature').map(({ name, value }) => `${name} ${value}`),
      ['HOT above 40', 'BAND above 50', 'BAND below 0'],
    )
  })

  it('given alerts of the topic and current ones, then each is drawn once, and one that fires reaches the end', () => {
    const span = { rule: 'HOT', metric: 'temperature', severity: 'critical', startedMs: 1_000 }
    const told = [
      { ...span, id: 'a-0', endedMs: 5_000 },
      { ...span, id: 'a-1', endedMs: null },
      { ...span, id: 'a-2', metric: 'humidity', endedMs: 5_000 },
    ]
    const active = ['a-1', 'a-9'].map(alertId => {
      const alert = firstAlert({ alertId, startedAt: '1970-01-01T00:00:02.000Z' })
      const of = { partition: 0, entity: '', rule: 'HOT', identity: 'HOT', isOfSilence: false }
      return { ...of, phase: 'firing' as const, activeAt: '', alert }
    })
    assert.deepEqual(toSpans(told, active, { metric: 'temperature', endsMs: 9_000 }), [
      { fromS: 1, toS: 5, severity: 'critical' },
      { fromS: 1, toS: 9, severity: 'critical' },
      { fromS: 2, toS: 9, severity: 'critical' },
    ])
  })

  const level = (value: number) => ({ value, name: '', severity: '' })
  const ranges: [title: string, values: (number | null)[], levels: number[], from: number, to: number][] = [
    ['values alone', [10, null, 20], [], 10, 20],
    ['a limit that is near', [10, 20], [30], 10, 30],
    ['a limit that is far away', [10, 20], [200], 10, 20],
    ['a limit on each side, one of them far', [10, 20], [5, -500], 5, 20],
    ['no value', [], [40], 0, 1],
  ]
  for (const [title, values, levels, from, to] of ranges)
    it(`given ${title}, then the chart reaches a little beyond ${from} and ${to}`, () => {
      const [least, most] = computeRange([values], levels.map(level))
      const margin = (to - from) * 0.1
      assert.ok(least < from && least > from - margin, `${least}`)
      assert.ok(most > to && most < to + margin, `${most}`)
    })

  const begins: [title: string, charts: (number | null)[][], beginS: number][] = [
    [
      'values that begin within the range',
      [
        [null, null, 3, 4],
        [null, null, null, 4],
      ],
      180,
    ],
    ['values that begin before it', [[1, 2, 3, 4]], 120],
    ['no value', [[null, null, null, null], []], 100],
  ]
  for (const [title, charts, beginS] of begins)
    it(`given ${title}, then all charts of a page begin at second ${beginS}`, () => {
      const columns = charts.map(list => ({
        times: [60, 120, 180, 240].slice(0, list.length),
        lists: [list],
      }))
      assert.equal(findFirstMs(columns, 100_000, 300_000), beginS * 1_000)
    })

  it('given one value alone, then it is not on the edge', () => {
    const [least, most] = computeRange([[50]], [])
    assert.ok(least < 50 && most > 50)
  })
})

describe('the legend of the charts of a page', () => {
  it('given alerts and thresholds, then each severity has an entry once, beside those of the values', () => {
    const level = { value: 1, name: 'HOT above', severity: 'critical' }
    const span = { fromS: 0, toS: 1, severity: 'critical' }
    const legend = listLegend([
      { levels: [level, level], spans: [span], bands: [] },
      { levels: [level], spans: [span, { ...span, severity: 'warning' }], bands: [] },
    ])
    assert.deepEqual(legend, [
      ['line', '', 'mean of each minute'],
      ['area', '', 'least to greatest'],
      ['level', 'critical', 'threshold of a rule, critical'],
      ['area', 'critical', 'alert firing, critical'],
      ['area', 'warning', 'alert firing, warning'],
    ])
  })
})
