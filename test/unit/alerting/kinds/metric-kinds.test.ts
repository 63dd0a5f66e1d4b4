/** Rules on counters and directions: what they compare, and which ones mean nothing. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Alert } from '../../../../lib/alerting/alert.ts'
import { MEASURES } from '../../../../lib/alerting/kinds/all.ts'
import { alerting } from '../../../../lib/alerting/process.ts'
import { checkRules } from '../../../../lib/alerting/rule-files.ts'
import { buildRuleSet, listRules } from '../../../../lib/alerting/rule-set.ts'
import { errorLine } from '../../../../lib/support/file-errors.ts'
import { Families } from '../../../../lib/telemetry/families.ts'
import { readFamilies } from '../../../../lib/telemetry/parse-family.ts'
import { Kit } from '../../../support/kit.ts'

const MINUTE = 60_000
const START = Date.UTC(2026, 2, 1)

/** Returns families of one that says what its metrics are. */
const familyOf = (energy: string, wind: string) =>
  new Families(
    readFamilies(
      [
        {
          file: 'config/families/meter.yaml',
          text: `family: meter
entity: { source: '/meter/{site}', subject: '{meter}' }
metrics:
  energy: { unit: kWh, is: ${energy} }
  wind:
    unit: degree
    is: ${wind}
`,
        },
      ],
      'test',
    ),
  )
const FAMILIES = familyOf('counter', 'direction')
const rules = (families: Families, metric: string, keys: string) =>
  checkRules(families, [
    {
      file: 'rules.yaml',
      text: `rules:
  - { name: ODD, family: meter, metric: ${metric}, ${keys}, severity: warning }`,
    },
  ])
const reading = (minute: number, data: object) => ({
  ...{ id: `r${minute}`, source: '/meter/a', subject: 'm-1', type: 'io.test.meter.reading.v1' },
  specversion: '1.0' as const,
  time: new Date(START + minute * MINUTE).toISOString(),
  data: { site: 'a', meter: 'm-1', ...data },
})

type Own = { of: 'change' | 'deviation'; is: string; overMs: number }

/** Returns the compared number at each reading, with the memory stored under its key in between. A reading may have a family of its own. */
function compare(usual: Own, values: readonly (readonly [minute: number, value: number, own?: Own])[]) {
  const stored: Record<string, object> = {}
  return values.map(([minute, value, own = usual]) => {
    const { memory } = MEASURES[own.of]
    const key = memory.key(own as never)
    const comparison = memory.compare(own as never, stored[key], START + minute * MINUTE, value)
    stored[key] = JSON.parse(JSON.stringify(comparison.state))
    return comparison.value
  })
}

describe('given a counter', () => {
  const change = { of: 'change' as const, is: 'counter', overMs: 10 * MINUTE }

  it('when it restarts, then changeOver is what it has risen since, and never negative', () => {
    const values = [
      [0, 100_000],
      [5, 100_150],
      [10, 100_250],
      [15, 40],
      [20, 90],
      [25, 91],
    ] as const
    assert.deepEqual(compare(change, values), [null, null, 250, 140, 90, 51])
  })

  it('when it was a gauge before, then its values of that time are not compared with what it has risen', () => {
    const { is: _, ...gauge } = change
    const values = [
      [0, 100_000, gauge],
      [5, 100_150, gauge],
      [10, 100_250],
      [15, 100_300],
      [20, 100_400],
    ] as const
    assert.deepEqual(compare(change, values as never), [null, null, null, null, 150])
  })

  it('when two readings have the same time, then the first counts', () => {
    assert.deepEqual(
      compare(change, [
        [0, 10],
        [0, 90],
        [10, 30],
      ]),
      [null, null, 20],
    )
  })

  it('when its meter is replaced, then no alert says that it fell, and a burst across the restart fires', async () => {
    const read = rules(FAMILIES, 'energy', 'changeOver: 10m, fireOutside: [-1, 500]')
    assert.deepEqual(read.errors, [])
    const kit = new Kit(alerting(FAMILIES, read.rules))
    for (const [minute, energy] of [
      [0, 100_000],
      [5, 100_100],
      [10, 20],
      [15, 700],
    ] as const)
      await kit.when(reading(minute, { energy }))
    const [alert] = kit.publishedEvents.map(({ data }) => data as Alert)
    assert.deepEqual([alert?.status, alert?.value, alert?.measured], ['firing', 700, 700])
  })
})

describe('given a direction', () => {
  it('when it turns through north, then changeOver is the smallest turn', () => {
    const change = { of: 'change' as const, is: 'direction', overMs: 10 * MINUTE }
    assert.deepEqual(
      compare(change, [
        [0, 359],
        [10, 1],
        [20, 181],
        [30, 350],
      ]),
      [null, 2, 180, 169],
    )
  })

  it('when it is far from its mean, which is north, then deviationOver counts the angle', () => {
    const deviation = { of: 'deviation' as const, is: 'direction', overMs: 60 * MINUTE }
    const values = Array.from({ length: 20 }, (_, index) => [index, index % 2 ? 355 : 5] as const)
    const found = compare(deviation, [...values, [20, 5], [21, 90]])
    assert.ok(Math.abs((found[20] as number) - 1) < 0.01)
    assert.ok(Math.abs((found[21] as number) - 18) < 0.5)
  })

  it('when its readings point everywhere, then nothing is compared, and an alert neither fires nor resolves', () => {
    const deviation = { of: 'deviation' as const, is: 'direction', overMs: 60 * MINUTE }
    const values = Array.from({ length: 21 }, (_, index) => [index, (index % 4) * 90] as const)
    assert.equal(compare(deviation, values)[20], null)
  })
})

describe('given a rule that means nothing for its metric', () => {
  const cases: [metric: string, keys: string, message: RegExp][] = [
    [
      'energy',
      'deviationOver: 1h, fireAbove: 3',
      /deviationOver: does not go with energy, which is a counter \(config\/families\/meter\.yaml:4\): a counter rises: compare its changeOver$/,
    ],
    [
      'energy',
      'anomaly: {}',
      /anomaly: does not go with energy, which is a counter .*: a counter rises: compare its changeOver$/,
    ],
    [
      'wind',
      'anomaly: {}',
      /anomaly: does not go with wind, which is a direction \(config\/families\/meter\.yaml:7\): .*compare its deviationOver$/,
    ],
  ]
  for (const [metric, keys, message] of cases)
    it(`when ${metric} has ${keys.split(':')[0]} in a file, then the error names both lines`, () => {
      const lines = rules(FAMILIES, metric, keys).errors.map(errorLine)
      assert.match(lines.join('\n'), message)
      assert.match(lines.join('\n'), /^rules\.yaml:2:/)
    })

  it('when it is in the log, then it is not evaluated, its alert resolves, and the others go on', async () => {
    const before = familyOf('gauge', 'gauge')
    const read = checkRules(before, [
      {
        file: 'rules.yaml',
        text: `rules:
  - { name: ODD, family: meter, metric: energy, deviationOver: 1h, fireAbove: 3, severity: warning }
  - { name: HIGH, family: meter, metric: energy, fireAbove: 100, severity: warning }`,
      },
    ]).rules
    const kit = new Kit(alerting(before, read))
    for (let minute = 0; minute < 12; minute += 1) await kit.when(reading(minute, { energy: minute % 2 }))
    await kit.when(reading(12, { energy: 50 }))
    assert.deepEqual(
      kit.publishedEvents.map(({ data }) => [(data as Alert).rule, (data as Alert).status]),
      [['ODD', 'firing']],
    )
    const again = listRules(FAMILIES, buildRuleSet(read))
    assert.ok('rules' in again)
    const later = new Kit(alerting(FAMILIES, again.rules))
    const decisions = await later.when(reading(13, { energy: 50 }))
    assert.match(JSON.stringify(decisions), /not-evaluated/)
    await later.when(reading(14, { energy: 150 }))
    assert.deepEqual(
      later.publishedEvents.map(({ data }) => (data as Alert).rule),
      ['HIGH'],
    )
  })
})
