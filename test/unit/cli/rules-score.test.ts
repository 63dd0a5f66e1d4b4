import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { FAMILIES } from '../../../lib/telemetry/families.ts'
import { reading } from '../../../lib/telemetry/reading.ts'
import { toJsonEvent } from '../../../packages/runtime/cloudevents/json-format.ts'
import { ran } from './terminal.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-score-'))
after(() => rmSync(folder, { recursive: true }))
const put = (file: string, text: string) => writeFileSync(join(folder, file), text)

const START_MS = Date.UTC(2026, 0, 1)
const MINUTE_MS = 60_000
const at = (minute: number) => new Date(START_MS + minute * MINUTE_MS).toISOString()

/** A reading of a sensor each minute from 00:00 on; of the values, one for each. */
function series(sensorId: string, temperatures: readonly (number | null)[], start = 0): string[] {
  return temperatures.flatMap((temperature, index) => {
    if (temperature === null) return []
    const data = { sensorId, location: { site: 'oslo', latitude: 0, longitude: 0 }, temperature }
    const id = `${sensorId}-${start + index}`
    const event = reading(FAMILIES.environment, id, at(start + index), data)
    return [JSON.stringify(toJsonEvent(event))]
  })
}

function put3(rules: string, labels: unknown, lines: readonly string[]): void {
  put('rules.yaml', `rules:\n${rules}`)
  put('labels.json', JSON.stringify(labels))
  put('readings.jsonl', lines.map(line => `${line}\n`).join(''))
}

async function scored(...more: string[]) {
  const args = [
    'rules',
    'score',
    'readings.jsonl',
    '--labels',
    'labels.json',
    '--rules',
    'rules.yaml',
    ...more,
  ]
  const { status, stdout, stderr } = await ran(args, { folder })
  return { status, stderr, stdout, report: status === 0 && more.includes('--json') ? JSON.parse(stdout) : {} }
}

const HOT = '  - { name: HOT, family: environment, metric: temperature, fireAbove: 30, severity: info }\n'
const COLD = '  - { name: COLD, family: environment, metric: temperature, fireBelow: 0, severity: info }\n'
const window = (entity: string, from: number, to: number, more = {}) => {
  return { entity, from: at(from), to: at(to), ...more }
}
/** Two hours of 20 °C, but for the minutes that are given. */
const day = (values: Readonly<Record<number, number>>) =>
  Array.from({ length: 121 }, (_, minute) => values[minute] ?? 20)

describe('sluice rules score', () => {
  it('given one alert in a window, one outside and one window without, then each ratio is a half', async () => {
    put3(
      HOT,
      [window('s1', 10, 20, { kind: 'heat' }), window('s1', 100, 110, { kind: 'frost' })],
      series('s1', day({ 13: 35, 60: 35, 61: 35 })),
    )
    const { status, report } = await scored('--json')
    assert.equal(status, 0)
    const { rule, ...score } = report.rules[0]
    assert.equal(rule, 'HOT')
    assert.deepEqual(score, {
      ...{ alerts: 2, trueAlerts: 1, falseAlerts: 1, precision: 0.5 },
      ...{ windows: 2, found: 1, recall: 0.5 },
      delayMs: { median: 3 * MINUTE_MS, max: 3 * MINUTE_MS },
      // Two hours, and one of three minutes in which alerts fire.
      ...{ entityDays: 1 / 12, falsePerEntityDay: 12, firingOutside: 2 / 3 },
    })
    assert.deepEqual(report.total, score)
    assert.deepEqual(report.kinds, [
      { kind: 'frost', anomalies: 1, anomaliesFound: 0, windows: 1, found: 0 },
      { kind: 'heat', anomalies: 1, anomaliesFound: 1, windows: 1, found: 1 },
    ])
    assert.deepEqual(report.missed, [window('s1', 100, 110, { kind: 'frost' })])
    assert.deepEqual(report.falseAlerts, [
      {
        ...{ rule: 'HOT', entity: '/environment/oslo s1', metric: 'temperature' },
        ...{ startedAt: at(60), endedAt: at(62), value: 35 },
      },
    ])
    assert.equal(report.found[0].alert.startedAt, at(13))
  })

  it('given several alerts in a window and an alert over several, then alerts and windows count once', async () => {
    put3(
      HOT,
      [window('s1', 10, 20), window('s1', 50, 55), window('s1', 60, 65)],
      series(
        's1',
        day({ 11: 35, 13: 35, 15: 35, ...Object.fromEntries(range(52, 63).map(one => [one, 35])) }),
      ),
    )
    const { report } = await scored('--json')
    const { alerts, trueAlerts, windows, found, precision, recall, delayMs } = report.total
    assert.deepEqual([alerts, trueAlerts, windows, found, precision, recall], [4, 4, 3, 3, 1, 1])
    // 1, 2 and 0 minutes: the alert was firing when the last window began.
    assert.deepEqual(delayMs, { median: MINUTE_MS, max: 2 * MINUTE_MS })
    assert.deepEqual(
      report.found.map((one: { delayMs: number }) => one.delayMs),
      [MINUTE_MS, 2 * MINUTE_MS, 0],
    )
  })

  it('given alerts that touch the ends of a window, then they are true; a second beyond, false', async () => {
    const value = { 9: 35, 21: 35, 40: 35, 50: 35 }
    put3(HOT, [window('s1', 10, 21), window('s1', 41.02, 49.98)], series('s1', day(value)))
    const { report } = await scored('--json')
    // The first fires from 9 to 10, the second at 21; then from 40 to 41 and at 50.
    assert.deepEqual(
      report.falseAlerts.map(({ startedAt }: { startedAt: string }) => startedAt),
      [at(40), at(50)],
    )
    assert.deepEqual([report.total.trueAlerts, report.total.found], [2, 1])
  })

  it('given labels of a metric and of several entities, then each rule counts those it could find', async () => {
    put3(
      `${HOT}${COLD}  - { name: WINDY, family: environment, metric: windSpeed, fireAbove: 1, severity: info }\n`,
      [
        window('s1', 10, 20, { metric: 'temperature' }),
        window('/environment/oslo s2', 30, 40),
        window('s1', 50, 60, { metric: 'humidity' }),
        window('nobody', 10, 20),
        window('s1', 5000, 5001),
      ],
      [...series('s1', day({ 12: 35 })), ...series('s2', day({ 12: 35, 35: -5 }))],
    )
    const { report } = await scored('--json')
    assert.deepEqual(
      report.rules.map((one: Record<string, unknown>) => [
        one.rule,
        one.trueAlerts,
        one.falseAlerts,
        one.found,
      ]),
      [
        ['HOT', 1, 1, 1],
        ['COLD', 1, 0, 1],
      ],
    )
    assert.deepEqual([report.total.windows, report.total.found, report.unusedRules], [2, 2, ['WINDY']])
    assert.deepEqual(
      report.notCounted.map(({ reason }: { reason: string }) => reason),
      ['metric-not-recorded', 'entity-not-recorded', 'time-not-recorded'],
    )
    assert.equal(report.falseAlerts[0].entity, '/environment/oslo s2')
  })

  it('given an alert about another metric than the label names, then it is false, and the window is missed', async () => {
    const lines = series('s1', day({ 12: 35 })).map(line => line.replace('"temp', '"humidity":50,"temp'))
    put3(HOT, [window('s1', 10, 20, { metric: 'humidity' })], lines)
    const { report } = await scored('--json')
    assert.deepEqual([report.total.trueAlerts, report.total.falseAlerts, report.total.found], [0, 1, 0])
    assert.equal(report.rules[0].windows, 0)
  })

  it('given hours without any reading, then the clock of the log runs on, and a silence fires in time', async () => {
    const silent = `${HOT.trimEnd().slice(0, -2)}, staleAfter: 30m, onSilence: alert }\n`
    const lines = [0, 120].flatMap(minute => series('s1', [20], minute))
    put3(silent, [window('s2', 1, 100)], [...lines, ...series('s2', [20])])
    const { report } = await scored('--json')
    const started = [...report.found, ...report.falseAlerts].map(one => (one.alert ?? one).startedAt)
    // Alerts of both entities. That of the first ends with its next reading.
    assert.deepEqual(started, [at(30), at(30)])
    assert.equal(report.found[0].alert.entity, '/environment/oslo s2')
    assert.equal(report.falseAlerts[0].endedAt, at(120))
  })

  it('given a label of silence that goes beyond the last reading, then the silence can be found', async () => {
    const silent = `${HOT.trimEnd().slice(0, -2)}, staleAfter: 5m, onSilence: no-data }\n`
    put3(silent, [window('s2', 2, 100)], [...series('s1', day({})), ...series('s2', [20, 20])])
    const { report } = await scored('--json')
    assert.deepEqual(
      report.rules.map((one: Record<string, unknown>) => [one.rule, one.alerts, one.found]),
      [
        ['HOT', 0, 0],
        ['NoData{rule="HOT"}', 1, 1],
      ],
    )
    assert.equal(report.found[0].alert.endedAt, null)
  })

  it('given late readings and duplicates, then they count as the alerting function counts them', async () => {
    const lines = series('s1', day({ 30: 35 }))
    const [hot, ...others] = [lines[30] as string, ...lines.filter((_, index) => index !== 30)]
    // The hot reading comes after that of 00:31, and then once more.
    const foreign = '{"specversion":"1.0","id":"1","source":"/a","type":"t"}'
    put3(HOT, [], [foreign, ...others.slice(0, 32), hot, hot, ...others.slice(32)])
    const { report } = await scored('--json')
    assert.equal(report.recording.others, 1)
    assert.deepEqual(
      [report.total.alerts, report.recording.duplicates, report.recording.readings],
      [0, 1, 122],
    )
    assert.deepEqual([report.total.recall, report.total.precision, report.total.delayMs], [null, null, null])
  })

  it('given no --json, then a table, the missed windows and the false alerts are shown', async () => {
    put3(
      HOT,
      [window('s1', 10, 20, { kind: 'heat' }), window('s1', 100, 110, { kind: 'frost' }), window('s9', 1, 2)],
      series('s1', day({ 13: 35, 60: 35, 61: 35 })),
    )
    const { status, stdout } = await scored()
    assert.equal(status, 0)
    assert.equal(
      stdout,
      `121 readings of 1 entity, 2026-01-01T00:00:00.000Z to 2026-01-01T02:00:00.000Z; 2 windows

RULE          ALERTS  TRUE  FALSE  PRECISION  WINDOWS  FOUND  RECALL  DELAY  LONGEST  FALSE/DAY  FIRING OUTSIDE
HOT                2     1      1     50.0 %        2      1  50.0 %  3 min    3 min         12          66.7 %
all together       2     1      1     50.0 %        2      1  50.0 %  3 min    3 min         12          66.7 %

KIND   ANOMALIES  FOUND  RECALL
frost          1      0     0 %
heat           1      1   100 %

Missed windows (1):
  2026-01-01T01:40:00.000Z to 2026-01-01T01:50:00.000Z  s1  frost

False alerts (1):
  2026-01-01T01:00:00.000Z to 2026-01-01T01:02:00.000Z  HOT  /environment/oslo s1  temperature 35

Not counted: 1 label of entities that are missing from the recording.
`,
    )
  })
})

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index)
}
