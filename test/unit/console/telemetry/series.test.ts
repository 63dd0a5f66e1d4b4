import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  addOpenMinute,
  chooseMetrics,
  isDense,
  selectSince,
  toMinutes,
  toReadings,
  toSeconds,
} from '../../../../console/api/telemetry/chart-lines.ts'
import type { WatchingRule } from '../../../../console/api/telemetry/entity-details.ts'
import { addFiring } from '../../../../console/api/telemetry/entity-history.ts'
import {
  addGaps,
  computeRange,
  findNearest,
  listLegend,
  listPoints,
  movePoint,
} from '../../../../console/page/charts/chart-series.ts'
import { formatPeriod, HOUR } from '../../../../console/page/telemetry/chart-range.ts'
import {
  findWhole,
  toBands,
  toColumns,
  toLevels,
  toSpans,
} from '../../../../console/page/telemetry/entity-series.ts'
import { formatTitle } from '../../../../console/page/telemetry/telemetry-texts.ts'
import { firstAlert } from '../../../support/alerts.ts'

process.env.TZ = 'UTC'

const MINUTE = 60_000
const minutes = (of: readonly number[]) => {
  const temperature = (minute: number) => ({
    ...{ count: 1, mean: minute, standardDeviation: 0, minimum: minute - 1, maximum: minute + 1 },
  })
  return of.map(minute => ({
    ...{ entity: '', revision: 1, timeMs: minute * MINUTE, metrics: { temperature: temperature(minute) } },
  }))
}
const open = (minute: number) => ({
  startMs: minute * MINUTE,
  metrics: {
    temperature: { count: 1, mean: minute, standardDeviation: 0, minimum: minute, maximum: minute },
  },
})
/** Columns of minutes of the topic, of which the last one is open. */
const minuteColumns = (of: readonly number[], last: number, metric = 'temperature') => {
  const points = addOpenMinute(toMinutes(minutes(of), metric), open(last), metric)
  return toColumns(points, { step: 'minute', endsMs: (last + 1) * MINUTE })
}
const hourColumns = (hours: readonly number[], values: readonly number[], endsMs: number) => {
  const points = hours.map((hour, index) => [hour * 60 * MINUTE, values[index] ?? 0] as const)
  return toColumns(points, { step: 'hour', endsMs })
}
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

  it('given minutes and the open one, then each is there once, with its values in its middle, but within the chart', () => {
    const { times, lists } = minuteColumns([1, 2], 3)
    assert.deepEqual(times, [90, 150, 210])
    assert.deepEqual(lists, [
      [1, 2, 3],
      [0, 1, 3],
      [2, 3, 3],
    ])
    assert.deepEqual(minuteColumns([1, 2], 2).times, [90, 150])
    const points = addOpenMinute([], open(3), 'temperature')
    assert.deepEqual(toColumns(points, { step: 'minute', endsMs: 3 * MINUTE + 5_000 }).times, [185])
  })

  it('given hours of the database, then the current one ends with the chart, and each missing hour is a gap', () => {
    const { times, lists } = hourColumns([0, 1, 3, 4, 5], [1, 2, 3, 4, 5], 310 * MINUTE)
    assert.deepEqual(times, [1_800, 5_400, 9_000, 12_600, 16_200, 18_600])
    assert.deepEqual(lists[0], [1, 2, null, 3, 4, 5])
    // A reading every three hours is no gap, but twice that time is.
    const hours = [0, 3, 6, 9, 12, 18]
    assert.deepEqual(hourColumns(hours, hours, 24 * 60 * MINUTE).lists[0], [0, 3, 6, 9, 12, null, 18])
  })

  it('given a metric that was never reported, then there is nothing to draw', () => {
    assert.deepEqual(minuteColumns([1], 2, 'humidity'), { times: [], lists: [[], [], []] })
    assert.deepEqual(toColumns(undefined, { step: 'minute', endsMs: 0 }), { times: [], lists: [[]] })
  })

  it('given a time without a minute, then the line is broken there, but not where readings come every ten minutes', () => {
    const { times, lists } = minuteColumns([1, 2, 9], 10)
    assert.deepEqual(times, [90, 150, 360, 570, 630])
    assert.deepEqual(lists[0], [1, 2, null, 9, 10])
    const rare = [0, 600, 1200, 1800]
    assert.deepEqual(addGaps({ times: rare, lists: [rare] }, 60).times, rare)
  })

  const reading = (timeMs: number, temperature: number) => ({
    ...{ entity: '', offset: 0, timeMs, appendMs: timeMs, data: {}, values: { temperature } },
  })

  it('given readings, then each has its time and value, once', () => {
    const points = toReadings([reading(1_000, 1), reading(2_000, 2), reading(2_000, 3)], 'temperature')
    assert.deepEqual(toColumns(points, { step: 'reading', endsMs: 9_000 }), {
      times: [1, 2],
      lists: [[1, 3]],
    })
    assert.deepEqual(toReadings([reading(1_000, 1)], 'humidity'), [])
  })

  it('given a name of a metric, then it is the first that is drawn, and there are at most twelve lines', () => {
    const metrics = ['load', 'loadMax', 'cpuLoad', 'x'].map(name => ({
      name,
      unit: '',
      is: 'gauge' as const,
    }))
    assert.deepEqual(chooseMetrics(metrics, 'loadMax', 1), ['loadMax'])
    assert.deepEqual(chooseMetrics(metrics, 'cpuLoad', 12), ['cpuLoad'])
    assert.deepEqual(chooseMetrics(metrics, 'load', 4), ['load', 'loadMax', 'cpuLoad'])
    assert.deepEqual(chooseMetrics(metrics.toReversed(), 'load', 12), ['load'])
    assert.deepEqual(chooseMetrics(metrics, '', 6), ['load', 'loadMax'])
  })

  it('given more than a thousand readings, then each second has its mean, least and greatest', () => {
    const all = Array.from({ length: 1_001 }, (_, index) => [index * 500, index] as const)
    assert.deepEqual([isDense(all.slice(1)), isDense(all)], [false, true])
    const seconds = toSeconds(all)
    assert.equal(seconds.length, 501)
    assert.deepEqual(seconds[1], [1_000, 2.5, 2, 3])
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
      ['HOT above 40 °C 40', 'BAND above 50 °C 50', 'BAND below 0 °C 0'],
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
    assert.deepEqual(toSpans(addFiring(told, active), 'temperature', 9_000), [
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
  ]
  for (const [title, values, levels, from, to] of ranges)
    it(`given ${title}, then the chart reaches a little beyond ${from} and ${to}`, () => {
      const [least, most] = computeRange([values], levels.map(level)) ?? []
      assert.ok(least !== undefined && most !== undefined)
      const margin = (to - from) * 0.1
      assert.ok(least < from && least > from - margin, `${least}`)
      assert.ok(most > to && most < to + margin, `${most}`)
    })

  const NOON = Date.parse('2026-03-01T12:00:00Z')
  for (const [title, agoM, period] of [
    ['values from the start of the range on', [[14], [59, 30]], 'in the last hour'],
    ['values that begin before it', [[61, 57]], 'in the last hour'],
    ['values that begin late', [[2, 1], [3, 2], []], 'since 11:57:00'],
    ['no value', [[], []], 'in the last hour'],
  ] as const)
    it(`given ${title}, then all charts of a page are those "${period}"`, () => {
      const toLine = (ago: number) => [NOON - ago * MINUTE, 1] as const
      const entities = agoM.map(own => ({ lines: { temperature: own.map(toLine) }, states: { status: [] } }))
      assert.equal(formatPeriod({ entities, endsMs: NOON } as never, HOUR, NOON), period)
    })

  it('given a pointer, then the nearest point in time of the line with the nearest value is found, but none in a gap', () => {
    const lines = [
      { columns: { times: [1, 2, 3], lists: [[10, 11, null]] } },
      { columns: { times: [1.5, 2.5], lists: [[20, 21]] } },
      { columns: { times: [], lists: [[]] } },
    ]
    assert.deepEqual(findNearest(lines, 2.1, 12), { line: 0, index: 1, distance: 1 })
    assert.deepEqual(findNearest(lines, 2.1, 30), { line: 1, index: 1, distance: 9 })
    assert.deepEqual(findNearest(lines, 3, 10), { line: 1, index: 1, distance: 11 })
    assert.equal(findNearest(lines.slice(0, 1), 3, 10), undefined)
  })

  it('given one value alone, then it is not on the edge', () => {
    const [least = 50, most = 50] = computeRange([[50]], []) ?? []
    assert.ok(least < 50 && most > 50)
  })

  it('given no value, then there is no range, and a chart has no axes', () => {
    assert.equal(computeRange([[], [null]], [level(40)]), undefined)
  })
})

it('given alerts, thresholds and usual values, then each has one entry a severity in the legend, and no two look the same', () => {
  const info = { fromS: 0, toS: 1, severity: 'info', points: [], value: 1, name: 'HOT above' }
  const marks = { levels: [info, info], spans: [info, { ...info, severity: 'warning' }], bands: [info] }
  const legend = listLegend(marks, 'minute', 'gauge')
  assert.match(legend.map(([, , text]) => text).join('; '), /^mean of each minute; .*alert firing, warning$/)
  assert.deepEqual([legend.length, new Set(legend.map(([shape, severity]) => shape + severity)).size], [6, 6])
  const none = { levels: [], spans: [], bands: [] }
  assert.deepEqual(listLegend(none, 'reading', 'gauge'), [['line', '', 'each reading']])
  assert.deepEqual(listLegend(none, 'hour', 'counter'), [['line', '', 'increase of each hour']])
})

it('given a counter, then a chart of its increase says so, and has that of the newest period that has ended', () => {
  assert.deepEqual(
    (['minute', 'hour', 'reading'] as const).map(step => formatTitle('cycles', 'counter', step)),
    ['cycles a minute', 'cycles an hour', 'cycles'],
  )
  const line = [1, 2, 3].map(minute => [minute * MINUTE, minute * 10] as const)
  assert.equal(findWhole(line, { step: 'minute', endsMs: 3.5 * MINUTE }), 20)
  assert.equal(findWhole(line.slice(2), { step: 'minute', endsMs: 3.5 * MINUTE }), 30)
})

it('given keys, then they lead through the values of all lines in order of time, but not into gaps or beyond the ends', () => {
  const lines = [[5, null, 7], [8]].map(values => ({ columns: { times: [1, 2, 3], lists: [values] } }))
  const points = listPoints(lines, 0, 3_000)
  let at: ReturnType<typeof movePoint>
  const keys = ['ArrowLeft', 'ArrowRight', 'Home', 'ArrowLeft', 'ArrowRight', 'End', 'Home']
  const values = keys.map(key => {
    at = movePoint(points, at, key)
    return at && lines[at.line]?.columns.lists[0]?.[at.index]
  })
  assert.deepEqual(values, [7, 7, 5, 5, 8, 7, 5])
  assert.equal(movePoint(points, at, 'Tab'), undefined)
  assert.deepEqual(listPoints(lines, 1_500, 2_500), [])
})

it('given a metric whose unit has changed, then its line begins where values are in the present one', () => {
  const line = [0, 30, 60, 90, 120].map(seconds => [seconds * 1000, 1] as const)
  const since = '1970-01-01T00:01:10.000Z'
  const select = (step: Parameters<typeof selectSince>[2]) =>
    selectSince(line, since, step).map(([atMs]) => atMs / 1000)
  assert.deepEqual(
    [select('reading'), select('minute'), select('hour')],
    [
      [90, 120],
      [30, 60, 90, 120],
      [90, 120],
    ],
  )
  assert.equal(selectSince(line, undefined, 'minute'), line)
})
