import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { formatEntity } from '#runtime/consumer'
import { ProcessKit } from '#runtime/testing'
import { selectShown } from '../../../console/page/telemetry/entity-series.ts'
import { formatMetric } from '../../../control/questions/column.ts'
import { listStatistics, listValues } from '../../../control/questions/entities.ts'
import { computeEventKey } from '../../../control/recordings/event-key.ts'
import { MAX_LISTED_METRICS } from '../../../control/tables/entity-statistics.ts'
import type { Alert } from '../../../lib/alerting/alert.ts'
import { alerting } from '../../../lib/alerting/process.ts'
import { checkRules, readRules } from '../../../lib/alerting/rule-files.ts'
import { boundMetrics, MAX_ENTITY_METRICS, MAX_FAMILY_METRICS } from '../../../lib/analytics/metric-bounds.ts'
import { createStatistics, type EntityStatistics, summarise } from '../../../lib/analytics/processor.ts'
import { createApplication } from '../../../lib/app/application.ts'
import { schemaViolation } from '../../../lib/app/data/schema-violation.ts'
import { applyMapping } from '../../../lib/mapping/apply-mapping.ts'
import { readMapping } from '../../../lib/mapping/parse-mapping.ts'
import { errorLine } from '../../../lib/support/file-errors.ts'
import { inOwnUnits } from '../../../lib/telemetry/convert-units.ts'
import { buildEntityData } from '../../../lib/telemetry/entity-data.ts'
import type { Families } from '../../../lib/telemetry/families.ts'
import { createReading } from '../../../lib/telemetry/reading.ts'
import { createDefaultFleet } from '../../../lib/telemetry/simulator/fleet.ts'
import { GENERATOR_DEFAULTS } from '../../../lib/telemetry/simulator/settings.ts'
import { type KeyedEvent, simulate } from '../../../lib/telemetry/simulator/simulate.ts'
import { NAMES, parseFamilies } from '../../support/families.ts'

/** The temperature of this family is in °F, and that of another is in °C. */
const GREENHOUSE = `family: greenhouse
entity: { source: '/greenhouse/{house}', subject: '{device}' }
metrics:
  soilMoisture: { unit: '%', min: 0, max: 100 }
  batteryVoltage: { unit: V }
  temperature: { unit: °F }
others: numbers
tags: [house]
`
const showValues = (rows: Parameters<typeof listValues>[0]) =>
  listValues(rows, () => ({ tone: 'plain', limit: null })).map(value => formatMetric(value))

const SIXTY = Array.from({ length: 60 }, (_, index) => `metric${index + 1}`)
const PLANT = `family: plant
entity: { source: '/plant/{line}', subject: '{machine}' }
metrics:
${SIXTY.map(name => `  ${name}: { unit: '%' }\n`).join('')}`

const ENVIRONMENT = readFileSync(
  new URL('../../../config/families/environment.yaml', import.meta.url),
  'utf8',
)
const FAMILIES = parseFamilies(GREENHOUSE, PLANT, ENVIRONMENT)
const APPLICATION = createApplication({ families: FAMILIES, names: NAMES })

const T0 = Date.UTC(2026, 0, 1)
let readings = 0

/** A reading of an entity, with its metrics. */
function reading(
  family: string,
  id: string,
  metrics: Readonly<Record<string, number>>,
  { seconds = 0, families = FAMILIES } = {},
) {
  const data = { ...buildEntityData(families.get(family), id, { tags: { house: 'north' } }), ...metrics }
  readings += 1
  const time = new Date(T0 + seconds * 1_000).toISOString()
  return createReading(families.get(family), `r-${readings}`, time, data)
}

const createRules = (rule: string) => [{ file: 'mine.yaml', text: `rules:\n  - ${rule}\n` }]
const listErrors = (rule: string) => checkRules(FAMILIES, createRules(rule)).errors.map(errorLine)

describe('given a family that does not ship', () => {
  it('when a rule watches it, then it fires with its unit, matches by its dimension, and takes further numbers', async () => {
    const rules = readRules(
      FAMILIES,
      createRules(
        "{ name: HOT, family: greenhouse, metric: temperature, fireAbove: 30, unit: °C, match: { house: nor* }, severity: info, summary: '{{entity}} {{value}}' }\n" +
          '  - { name: SALTY, family: greenhouse, metric: salinity, fireAbove: 3, severity: info }',
      ),
    )
    const kit = new ProcessKit(APPLICATION, alerting(FAMILIES, rules))
    await kit.when(reading('greenhouse', 'g-1', { temperature: 87, salinity: 4 }))
    const alerts = kit.publishedEvents.map(({ data }) => data as Alert)
    assert.deepEqual(
      alerts.map(({ rule, family, summary }) => [rule, family, summary]),
      [
        ['HOT', 'greenhouse', 'g-1 87 °F'],
        ['SALTY', 'greenhouse', 'g-1: salinity is 4, above 3'],
      ],
    )
  })

  it('when its readings are counted, then its statistics, tables and pages have every metric', async () => {
    const kit = new ProcessKit(APPLICATION, createStatistics(FAMILIES))
    const event = reading('greenhouse', 'g-1', { soilMoisture: 40, salinity: 4 })
    await kit.when(event)
    const state = (await kit.state(formatEntity(event))) as EntityStatistics
    const rows = listStatistics(FAMILIES, state)
    assert.deepEqual(
      rows.map(row => [state.family, row.metric, row.last, row.unit]),
      [
        ['greenhouse', 'soilMoisture', 40, '%'],
        ['greenhouse', 'salinity', 4, ''],
      ],
    )
    assert.deepEqual(showValues(rows), ['soilMoisture 40 %', 'salinity 4'])
  })

  it('when it has 60 metrics, then all are counted, and a page lists some, or those that are looked for', async () => {
    const kit = new ProcessKit(APPLICATION, createStatistics(FAMILIES))
    const event = reading('plant', 'p-1', Object.fromEntries(SIXTY.slice(20).map(name => [name, 1])))
    await kit.when(event)
    const state = (await kit.state(formatEntity(event))) as EntityStatistics
    assert.equal(Object.keys(state.metrics).length, 40)
    const values = showValues(listStatistics(FAMILIES, state))
    assert.deepEqual([values.length, values.at(-1)], [MAX_LISTED_METRICS + 1, '28 more'])
    assert.equal(values[0], 'metric21 1 %')
    assert.deepEqual(showValues(listStatistics(FAMILIES, state, 'metric6')), ['metric60 1 %'])
    const metrics = SIXTY.map(name => ({
      name,
      unit: '%',
      is: 'gauge' as const,
      statistics: summarise(state).metrics[name] ?? null,
    }))
    assert.deepEqual(selectShown(metrics, 'metric6'), [59])
    assert.equal(selectShown(metrics, '').length, 12)
  })

  it('when metrics have the names of properties of every object, then they are metrics as all others', async () => {
    const names = ['constructor', '__proto__', 'toString']
    const kit = new ProcessKit(APPLICATION, createStatistics(FAMILIES))
    const metrics = Object.fromEntries(names.map(name => [name, 3]))
    const first = reading('greenhouse', 'g-1', metrics)
    await kit.when(first, reading('greenhouse', 'g-1', metrics, { seconds: 1 }))
    assert.deepEqual(kit.outcomes, ['applied/counted', 'applied/counted'])
    const state = (await kit.state(formatEntity(first))) as EntityStatistics
    const rows = listStatistics(FAMILIES, state)
    assert.deepEqual(
      rows.map(row => [row.metric, row.count, row.mean, row.unit]).toSorted(),
      names.map(name => [name, 2, 3, '']).toSorted(),
    )
    for (const name of names) {
      assert.deepEqual(
        listErrors(`{ name: R, family: greenhouse, metric: ${name}, fireAbove: 3, severity: info }`),
        [],
      )
      const [error] = listErrors(
        `{ name: R, family: greenhouse, metric: ${name}, fireEquals: on, severity: info }`,
      )
      assert.match(error ?? '', /is a number: use fireAbove/)
    }
  })

  it('when a record names its metric, then that name is the metric, even with dots', () => {
    const mapping = readMapping(
      FAMILIES,
      'family: greenhouse\ntime: record\nmetric: { name: metric_name, value: value }\nfields: { device: id, tags.house: house }\n',
      'named',
      'named.yaml',
    )
    const map = (document: object) => applyMapping(mapping, { document, position: ['t', 0, 1] })
    const mapped = map({ id: 'g-1', house: 'north', metric_name: 'soil.salinity', value: 3 })
    assert.deepEqual('data' in mapped && mapped.data, {
      device: 'g-1',
      'soil.salinity': 3,
      tags: { house: 'north' },
    })
    const failed = map({ id: 'g-1', house: 'north', metric_name: 'device', value: 3 })
    assert.match('message' in failed ? failed.message : '', /"metric_name" names a metric that/)
  })

  it('when a reading has a unit, then it is converted, or refused for metrics without one', () => {
    const family = FAMILIES.get('greenhouse')
    const inF = inOwnUnits(family, { unit: '°C', temperature: 100 })
    assert.deepEqual('data' in inF && inF.data, { temperature: 212 })
    const refused = inOwnUnits(family, { unit: '°C', salinity: 1 })
    assert.match('message' in refused ? refused.message : '', /salinity \(without a unit\)/)
  })
})

describe('given a family whose events name their own entity', () => {
  const own = parseFamilies(
    ENVIRONMENT.replace('io.sluice.environment.reading.v1', 'com.sensor.data')
      .replace("subject: '{sensorId}'", "subject: '{sensorId}', from: event")
      .replaceAll(', required: true', ''),
  )

  it('when its producer sends an event, then it is a reading of the entity that the event names', async () => {
    const rule =
      "{ name: HOT, family: environment, metric: temperature, fireAbove: 30, severity: info, summary: '{{entity}} {{value}}' }"
    const application = createApplication({ families: own, names: NAMES })
    const kit = new ProcessKit(application, alerting(own, readRules(own, createRules(rule))))
    const event = {
      id: '1',
      source: '/sensor/temperature/room1',
      type: 'com.sensor.data',
      subject: 'room/living',
    }
    const data = { temperature: 31, humidity: 65, unit: 'celsius' }
    await kit.when({ ...event, data, datacontenttype: 'application/json' })
    assert.equal((kit.publishedEvents[0]?.data as Alert | undefined)?.summary, 'room/living 31 °C')
    assert.equal(computeEventKey(own, { ...event, data }), 'room/living')
  })

  it('when readings are made here, then they are of its type, and of the entity that their fields name', () => {
    const settings = { ...GENERATOR_DEFAULTS, fleet: createDefaultFleet(own) }
    const [first] = simulate(own, settings, 1, 2)
    const { event, key } = first as KeyedEvent
    assert.deepEqual(
      [event.type, event.source, event.subject],
      ['com.sensor.data', '/environment/rotterdam', key],
    )
    assert.equal(schemaViolation(own, event.type, event.data), undefined)
    const text = 'family: environment\ntime: record\nfields: { temperature: t }\n'
    assert.throws(() => readMapping(own, text, 'm', 'm.yaml'), /fields\.sensorId: is missing/)
  })
})

describe('given two projects with a family of one name, whose metric has another unit in each', () => {
  const inCelsius = parseFamilies(GREENHOUSE.replace('°F', '°C'))
  const rule =
    "{ name: HOT, family: greenhouse, metric: temperature, fireAbove: 30, unit: °C, severity: info, summary: '{{entity}} {{value}}' }"

  /** Returns alerting with the families of a project, and a function that delivers it a temperature. */
  function createAlerting(families: Families) {
    const application = createApplication({ families, names: NAMES })
    const kit = new ProcessKit(application, alerting(families, readRules(families, createRules(rule))))
    return async (id: string, temperature: number) => {
      const known = kit.publishedEvents.length
      await kit.when(reading('greenhouse', id, { temperature }, { families }))
      return kit.publishedEvents.slice(known).map(({ data }) => (data as Alert).summary)
    }
  }

  it('when both run in one process, then each evaluates its readings with its own family', async () => {
    const [fahrenheit, celsius] = [createAlerting(FAMILIES), createAlerting(inCelsius)]
    assert.deepEqual([await fahrenheit('g-1', 87), await celsius('g-1', 87)], [['g-1 87 °F'], ['g-1 87 °C']])
    assert.deepEqual([await fahrenheit('g-2', 40), await celsius('g-2', 40)], [[], ['g-2 40 °C']])
  })
})

describe('given a rule with a name that no family has', () => {
  const rule = (more: string) => `{ name: R, severity: info, fireAbove: 1, ${more} }`
  const cases: [name: string, rule: string, expected: RegExp][] = [
    [
      'a family',
      rule('family: greenhause, metric: x'),
      /^mine\.yaml:2:\d+ {2}R\.family: unknown family\. Did you mean greenhouse\?$/,
    ],
    [
      'a metric',
      rule('family: plant, metric: metrc6'),
      /^mine\.yaml:2:\d+ {2}R\.metric: unknown metric of plant\. Did you mean metric6, /,
    ],
    [
      'one of many metrics',
      rule('family: plant, metric: zzz'),
      /unknown metric of plant\. Use metric1, metric2, .*metric12 …$/,
    ],
    [
      'a dimension',
      rule('family: greenhouse, metric: temperature, match: { hose: north }'),
      /^mine\.yaml:2:\d+ {2}R\.match\.hose: readings of greenhouse have no hose.*Did you mean house\?$/,
    ],
    [
      'a group',
      '{ name: R, severity: info, pattern: { count: 2, within: 1m, per: hose, of: { family: greenhouse } } }',
      /have no hose: the pattern would never fire\. Did you mean house\?$/,
    ],
    [
      'a unit, for a metric of two families',
      '{ name: R, severity: info, keepFiringFor: 1m, pattern: { per: tenant, sequence: [{ family: greenhouse, metric: temperature, fireAbove: 30 }, { family: environment, metric: temperature, fireAbove: 30, unit: °C, within: 1m }] } }',
      /temperature is in °F in greenhouse and in °C in environment: give the unit/,
    ],
  ]
  for (const [name, text, expected] of cases)
    it(`when it is ${name}, then the error has its line and the nearest name`, () => {
      const errors = listErrors(text)
      assert.equal(errors.length, 1, errors.join('\n'))
      assert.match(errors[0] ?? '', expected)
    })
})

describe('given a flood of metric names', () => {
  const flood = (count: number, from = 0) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`n${from + index}`, index]))

  // Promise docs/readings.md#bounds-of-metric-names | Metrics beyond the bounds are dropped and counted, and the reading is applied.
  it('when an entity has too many, then further ones are dropped and counted, and the reading is applied', async () => {
    const kit = new ProcessKit(APPLICATION, createStatistics(FAMILIES))
    const [first, second] = [
      reading('greenhouse', 'g-1', { ...flood(150), soilMoisture: 1 }),
      reading('greenhouse', 'g-1', { n0: 5, more: 1 }, { seconds: 1 }),
    ]
    await kit.when(first, second)
    const state = (await kit.state(formatEntity(first))) as EntityStatistics
    assert.equal(Object.keys(state.metrics).length, MAX_ENTITY_METRICS)
    assert.equal(state.metrics.soilMoisture?.count, 1)
    assert.equal(state.metrics.n0?.count, 2)
    assert.equal(state.dropped, 52)
    assert.deepEqual(kit.outcomes, ['applied/metrics-dropped', 'applied/metrics-dropped'])
  })

  it('when a family has too many in a partition, then new names wait until old ones are forgotten', async () => {
    const kit = new ProcessKit(APPLICATION, createStatistics(FAMILIES))
    const entities = Array.from({ length: 12 }, (_, index) =>
      reading('greenhouse', `g-${index}`, flood(90, index * 90), { seconds: index }),
    )
    await kit.when(...entities)
    const count = async (id: string) => {
      const state = (await kit.state(`/greenhouse/north ${id}`)) as EntityStatistics | undefined
      return Object.keys(state?.metrics ?? {}).length
    }
    const declared = Object.keys(FAMILIES.get('greenhouse').metrics).length
    assert.equal(await count('g-10'), 90)
    assert.equal(await count('g-11'), MAX_FAMILY_METRICS - declared - 11 * 90)
    const later = reading('greenhouse', 'late', flood(90, 5_000), { seconds: 10 * 86_400 })
    await kit.when(later)
    assert.equal(await count('late'), 90)
  })

  it('when no name of a full partition can make room, then its names are searched once for a reading', () => {
    let searches = 0
    class Known extends Map<string, number> {
      override [Symbol.iterator]() {
        searches += 1
        return super[Symbol.iterator]()
      }
    }
    const names = new Known(Object.keys(flood(MAX_FAMILY_METRICS)).map(name => [name, T0 / 86_400_000]))
    const known = new Map([['greenhouse', names]])
    const values = Object.entries(flood(5_000, 5_000))
    const { dropped } = boundMetrics(FAMILIES.get('greenhouse'), values, T0, {}, known, 8)
    assert.deepEqual([dropped, searches], [5_000, 1])
  })
})
