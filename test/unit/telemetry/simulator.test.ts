import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { sampled } from '@sluice/test-kit/sampled'
import fc from 'fast-check'
import { schemaViolation } from '../../../lib/app/data/schema-violation.ts'
import { type KeyedEvent, simulate, simulateReading } from '../../../lib/telemetry/simulator/simulate.ts'
import { solarHour } from '../../../lib/telemetry/simulator/simulated-time.ts'
import { FAMILIES, GENERATOR } from '../../support/families.ts'

/** The thresholds of the shipped rules: beyond them an alert fires. */
const NORMAL = {
  temperature: [0, 40],
  humidity: [20, 90],
  windSpeed: [-Infinity, 50],
  pressure: [980, 1040],
  cpuUsagePercent: [-Infinity, 80],
} as const
type Watched = keyof typeof NORMAL
const WATCHED = Object.keys(NORMAL) as Watched[]

const CALM = { ...GENERATOR, anomalyRate: 0 }
const HARD = { ...GENERATOR, anomalyRate: 1 }
const TICKS_A_DAY = 86_400 / GENERATOR.tickSeconds
/** 2026-01-01T00:00:00Z, and any tick of the ten years from there. */
const T0 = Date.UTC(2026, 0, 1) / 1000 / GENERATOR.tickSeconds
const ticks = fc.integer({ min: T0, max: T0 + 3653 * TICKS_A_DAY })
const seeds = fc.stringMatching(/^[A-Za-z0-9]{1,32}$/)
const sensors = fc.constantFrom(...GENERATOR.fleet)

type Values = Readonly<Record<string, number>>
const getData = ({ event }: KeyedEvent) => event.data as Values
const beyond = (metric: Watched, value: number | undefined) =>
  value !== undefined && (value < NORMAL[metric][0] || value > NORMAL[metric][1])

describe('given a seed, a sensor and a tick', () => {
  test('when it is simulated twice, then both readings are the same, id and key included', () => {
    fc.assert(
      fc.property(seeds, sensors, ticks, (seed, sensor, tick) => {
        const settings = { ...GENERATOR, seed }
        assert.deepEqual(
          simulateReading(FAMILIES, settings, sensor, tick),
          simulateReading(FAMILIES, { ...settings }, { ...sensor }, tick),
        )
      }),
    )
  })

  test('when the time goes by, then the id names seed, sensor and tick, and time is the tick’s', () => {
    const [first] = simulate(FAMILIES, GENERATOR, T0, T0 + 1)
    assert.equal(first?.event.id, `sim-sluice-rtm-quay-${T0}`)
    assert.equal(first?.event.time, '2026-01-01T00:00:00.000Z')
  })
})

describe('given a run over many ticks', () => {
  const run = [...simulate(FAMILIES, GENERATOR, T0, T0 + 1000)]

  test('then every family and at least two sources of each are there', () => {
    const sources = [...new Set(run.map(({ event }) => event.source))]
    for (const family of ['environment', 'database', 'device']) {
      assert.ok(sources.filter(source => source.startsWith(`/${family}/`)).length >= 2, family)
    }
  })
})

test('given any seed, tick and rate of anomalies, then every reading fits its schema', () => {
  fc.assert(
    fc.property(seeds, ticks, sensors, fc.constantFrom(0, 0.4, 1), (seed, tick, sensor, anomalyRate) => {
      const { event } = simulateReading(FAMILIES, { ...GENERATOR, seed, anomalyRate }, sensor, tick)
      assert.equal(schemaViolation(FAMILIES, event.type, event.data), undefined)
    }),
    { numRuns: sampled(2000) },
  )
})

describe('given no anomaly', () => {
  test('when any instant of ten years is simulated, then no value is beyond a threshold', () => {
    fc.assert(
      fc.property(seeds, ticks, sensors, (seed, tick, sensor) => {
        const data = getData(simulateReading(FAMILIES, { ...CALM, seed }, sensor, tick))
        assert.deepEqual(
          WATCHED.filter(metric => beyond(metric, data[metric])),
          [],
        )
      }),
      { numRuns: sampled(5000) },
    )
  })

  test('when a day passes, then it is warmer in the afternoon by the site’s own sun than before its dawn', () => {
    for (const sensor of GENERATOR.fleet) {
      if (sensor.family !== 'environment') continue
      const at = (hour: number) => {
        const tick = T0 + Math.round(((hour - solarHour(0, sensor.site.longitude)) / 24) * TICKS_A_DAY)
        return getData(simulateReading(FAMILIES, CALM, sensor, tick)).temperature ?? Number.NaN
      }
      assert.ok(at(15) > at(3) + sensor.site.daily, sensor.id)
    }
  })

  test('when a device rests, then it feels gravity alone; when it runs, much more', () => {
    const felt = new Map<string, number[]>()
    for (const { event } of simulate(FAMILIES, CALM, T0, T0 + TICKS_A_DAY / 4)) {
      if (!event.source.startsWith('/device/')) continue
      const { activity, x, y, z } = event.data as { activity: string; x: number; y: number; z: number }
      felt.set(activity, [...(felt.get(activity) ?? []), Math.abs(Math.hypot(x, y, z) - 9.81)])
    }
    assert.ok(Math.max(...(felt.get('resting') ?? [])) < 0.2)
    assert.ok(Math.max(...(felt.get('running') ?? [])) > 5)
    assert.deepEqual([...felt.keys()].sort(), [
      ...['cycling', 'resting', 'running', 'sitting', 'standing', 'walking'],
    ])
  })
})

describe('given anomalies', () => {
  /** Alerts without a duration, counted the plain way: how many fired and resolved within the run. */
  function firedAndResolved(from: number, until: number): number {
    const firing = new Set<string>()
    let resolved = 0
    for (const reading of simulate(FAMILIES, GENERATOR, from, until)) {
      for (const metric of WATCHED) {
        const name = `${reading.event.subject} ${metric}`
        if (beyond(metric, getData(reading)[metric])) firing.add(name)
        else if (firing.delete(name)) resolved++
      }
    }
    return resolved
  }

  test('when it runs for two minutes, then nearly always a few alerts fire and resolve', () => {
    const runs = Array.from({ length: 300 }, (_, run) => firedAndResolved(T0 + run * 37, T0 + run * 37 + 24))
    assert.ok(runs.filter(alerts => alerts >= 2).length >= 0.98 * runs.length)
    assert.ok(runs.every(alerts => alerts < 30))
  })

  test('when a window begins and when it ends, then all is normal', () => {
    const window = Math.ceil(T0 / 12) * 12
    for (const tick of [window, window + 11, window + 12]) {
      assert.deepEqual(
        [...simulate(FAMILIES, HARD, tick, tick + 1)],
        [...simulate(FAMILIES, CALM, tick, tick + 1)],
      )
    }
  })

  test('when one is at its height, then what belongs together moves together', () => {
    const calmAndHard = GENERATOR.fleet.flatMap(sensor =>
      Array.from({ length: 600 }, (_, tick) => ({
        calm: getData(simulateReading(FAMILIES, CALM, sensor, T0 + tick)),
        hard: getData(simulateReading(FAMILIES, HARD, sensor, T0 + tick)),
      })),
    )
    const cases: [metric: Watched, other: string, direction: 1 | -1][] = [
      ['windSpeed', 'pressure', -1],
      ['temperature', 'humidity', -1],
      ['cpuUsagePercent', 'queryLatencyMs', 1],
      ['cpuUsagePercent', 'activeConnections', 1],
    ]
    for (const [metric, other, direction] of cases) {
      const high = calmAndHard.filter(({ hard }) => (hard[metric] ?? 0) > NORMAL[metric][1])
      assert.ok(high.length > 0, metric)
      for (const { calm, hard } of high) {
        assert.ok(direction * ((hard[other] ?? 0) - (calm[other] ?? 0)) > 0, `${metric}, ${other}`)
      }
    }
  })

  test('when many are simulated, then every shipped rule has its turn', () => {
    const sides = new Set<string>()
    for (const reading of simulate(FAMILIES, HARD, T0, T0 + 1200)) {
      for (const metric of WATCHED) {
        const value = getData(reading)[metric] ?? Number.NaN
        if (value > NORMAL[metric][1]) sides.add(`high ${metric}`)
        if (value < NORMAL[metric][0]) sides.add(`low ${metric}`)
      }
    }
    assert.equal(sides.size, 8, [...sides].join(', '))
  })
})
