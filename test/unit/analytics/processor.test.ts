import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { formatEntity, type Received } from '#runtime/consumer'
import { type CompletedStep, completeStep } from '#runtime/test/support/inside'
import { KNOWN } from '../../../lib/analytics/known.ts'
import {
  createStatistics,
  type EntityStatistics,
  type EntitySummary,
  type MinuteSummary,
  summarise,
} from '../../../lib/analytics/processor.ts'
import { schemaViolation } from '../../../lib/app/data/schema-violation.ts'
import type { StateSummary } from '../../../lib/schemas/types.ts'
import { Families, type ReadingData } from '../../../lib/telemetry/families.ts'
import { createReading } from '../../../lib/telemetry/reading.ts'
import { FAMILIES } from '../../support/families.ts'

const statistics = createStatistics(FAMILIES)

const MINUTE_MS = 60_000
const T0 = Date.UTC(2026, 0, 1)

/** Returns a step that has been decided. */
function decided(step: ReturnType<typeof statistics.onEvent> | undefined): CompletedStep<EntityStatistics> {
  assert.ok(step?.kind === 'decided')
  return step
}

type Sample = readonly [seconds: number, temperature: number]

function received([seconds, temperature]: Sample, more: ReadingData = {}): Received<ReadingData> {
  const timeMs = T0 + seconds * 1000
  const location = { site: 'hall', latitude: 0, longitude: 0 }
  const data = { sensorId: 's1', location, temperature, ...more }
  const event = createReading(
    FAMILIES.get('environment'),
    `id-${seconds}`,
    new Date(timeMs).toISOString(),
    data,
  )
  return { ...event, data, timeMs, entity: formatEntity(event) }
}

/** The steps of readings, one after the other; the state goes through JSON, as it does in the store. */
function decideAll(samples: readonly Sample[]): CompletedStep<EntityStatistics>[] {
  let state: EntityStatistics | undefined
  return samples.map(sample => {
    const step = statistics.onEvent(state, received(sample), KNOWN.initial)
    assert.ok(step.kind === 'decided')
    state = step.state && JSON.parse(JSON.stringify(step.state))
    return step
  })
}

const listReasons = (samples: readonly Sample[]) => decideAll(samples).map(({ reason }) => reason)
const emittedBy = (samples: readonly Sample[]) => decideAll(samples).flatMap(({ emit }) => emit)
const listSummaries = (samples: readonly Sample[]) =>
  emittedBy(samples).map(({ data }) => data as MinuteSummary)
const brief = ({ windowStart, revision, metrics }: MinuteSummary) => [
  windowStart.slice(14, 19),
  revision,
  metrics.temperature?.count,
]

describe('given readings of an entity', () => {
  // biome-ignore format: a table
  const cases: [name: string, samples: Sample[], reason: string][] = [
    ['it is the first', [[0, 1]], 'counted'],
    ['it falls into the open minute', [[0, 1], [59.999, 1]], 'counted'],
    ['it is out of order in the open minute', [[30, 1], [10, 1]], 'counted'],
    ['it is the first of the next minute', [[0, 1], [60, 1]], 'window-closed'],
    ['it is the first after hours', [[0, 1], [7200, 1]], 'window-closed'],
    ['it is late for the minute closed last', [[0, 1], [60, 1], [30, 1]], 'window-revised'],
    ['it is for the minute before, which had none', [[0, 1], [180, 1], [120, 1]], 'window-revised'],
    ['it is at the end of the grace', [[0, 1], [120, 1], [59.999, 1]], 'late'],
    ['it is a moment within the grace', [[0, 1], [119.999, 1], [59.999, 1]], 'window-revised'],
    ['it is for the minute before the very first', [[60, 1], [0, 1]], 'window-revised'],
    ['it is late for an older minute', [[0, 1], [60, 1], [120, 1], [30, 1]], 'late'],
    ['it is for the minute closed last, after a gap', [[0, 1], [180, 1], [30, 1]], 'late'],
  ]
  for (const [name, samples, reason] of cases) {
    test(`when ${name}, then it is ${reason}`, () => {
      assert.equal(listReasons(samples).at(-1), reason)
    })
  }

  test('when a minute closes, then its summary says all about it', () => {
    // biome-ignore format: a row
    const [emission, ...others] = emittedBy([[5, 10], [20, 14], [60, 99]])
    assert.deepEqual(others, [])
    assert.deepEqual(emission, {
      name: 'minute 2026-01-01T00:00:00.000Z revision 1',
      to: 'analytics',
      key: '/environment/hall s1',
      type: 'io.sluice.analytics.minute.v1',
      source: '/processor',
      subject: 's1',
      dataschema: 'https://sluice.io/schemas/analytics.minute.v1.json',
      data: {
        entity: { source: '/environment/hall', subject: 's1' },
        family: 'environment',
        windowStart: '2026-01-01T00:00:00.000Z',
        windowEnd: '2026-01-01T00:01:00.000Z',
        revision: 1,
        metrics: {
          temperature: {
            count: 2,
            mean: 12,
            standardDeviation: Math.sqrt(8),
            minimum: 10,
            maximum: 14,
            last: 14,
            lastAt: '2026-01-01T00:00:20.000Z',
          },
        },
      },
    })
  })

  test('when readings are late for a closed minute, then each gives its next revision', () => {
    // biome-ignore format: a row
    const samples: Sample[] = [[0, 1], [60, 1], [30, 5], [45, 9], [120, 1]]
    assert.deepEqual(listSummaries(samples).map(brief), [
      ['00:00', 1, 1],
      ['00:00', 2, 2],
      ['00:00', 3, 3],
      ['01:00', 1, 1],
    ])
  })

  test('when one is late for an older minute, then it counts in the rolling statistics alone', () => {
    // biome-ignore format: a row
    const steps = decideAll([[0, 1], [60, 2], [120, 3], [30, 50]])
    const [before, after] = steps.slice(-2)
    assert.deepEqual(after?.state?.minutes, before?.state?.minutes)
    assert.deepEqual(after?.emit, [])
    assert.equal(after?.state?.metrics.temperature?.count, 4)
    assert.equal(after?.state?.metrics.temperature?.maximum, 50)
    assert.equal(after?.state?.metrics.temperature?.last, 3)
  })

  test('when they carry several metrics, some not always, then each is counted on its own', () => {
    const first = statistics.onEvent(undefined, received([0, 1], { humidity: 50 }), KNOWN.initial)
    assert.ok(first.kind === 'decided')
    const second = statistics.onEvent(first.state, received([1, 3]), KNOWN.initial)
    assert.ok(second.kind === 'decided' && second.state)
    const summary: EntitySummary = summarise(second.state)
    assert.equal(summary.family, 'environment')
    assert.equal(summary.metrics.temperature?.count, 2)
    assert.equal(summary.metrics.temperature?.mean, 2)
    assert.equal(summary.metrics.humidity?.count, 1)
    assert.equal(summary.metrics.humidity?.last, 50)
  })
})

describe('given readings with states', () => {
  const observed = (seconds: number, status: string) =>
    received([seconds, 1], { temperature: undefined, status })

  test('when they have nothing else, then the minutes of the state are counted and emitted', () => {
    const first = decided(statistics.onEvent(undefined, observed(5, 'ok'), KNOWN.initial))
    assert.equal(first.reason, 'counted')
    assert.deepEqual(first.timers, [
      { name: 'silent status', dueMs: T0 + 6 * MINUTE_MS },
      { name: 'forget', dueMs: T0 + 9 * 24 * 60 * MINUTE_MS },
    ])
    const second = decided(statistics.onEvent(first.state, observed(60, 'degraded'), KNOWN.initial))
    assert.equal(second.reason, 'window-closed')
    assert.deepEqual(second.emit, [
      {
        name: 'state status 2026-01-01T00:00:00.000Z revision 1',
        to: 'analytics',
        key: '/environment/hall s1',
        type: 'io.sluice.analytics.state.v1',
        source: '/processor',
        subject: 's1',
        dataschema: 'https://sluice.io/schemas/analytics.state.v1.json',
        data: {
          entity: { source: '/environment/hall', subject: 's1' },
          family: 'environment',
          state: 'status',
          windowStart: '2026-01-01T00:00:00.000Z',
          windowEnd: '2026-01-01T00:01:00.000Z',
          revision: 1,
          seconds: { ok: 55 },
          value: 'ok',
          since: '2026-01-01T00:00:05.000Z',
        },
      },
    ])
  })

  // Promise config/families/README.md#states
  test('when the entity is silent, then a timer closes its minutes, and the state is unknown', () => {
    const first = decided(statistics.onEvent(undefined, observed(5, 'ok'), KNOWN.initial))
    const timer = {
      name: 'silent status',
      dueMs: T0 + 6 * MINUTE_MS,
      entity: '/environment/hall s1',
      source: '/environment/hall',
      subject: 's1',
    }
    const closed = decided(statistics.onTimer?.(first.state as EntityStatistics, timer, KNOWN.initial))
    assert.equal(closed.reason, 'state-unknown')
    const minutes = closed.emit.map(({ data }) => data as StateSummary)
    for (const { type, data } of closed.emit) assert.equal(schemaViolation(FAMILIES, type, data), undefined)
    assert.deepEqual(
      minutes.map(({ seconds, value }) => [seconds.ok, value]),
      [
        [55, 'ok'],
        [240, 'ok'],
        [5, undefined],
      ],
    )
    assert.equal(minutes.at(-1)?.since, '2026-01-01T00:05:05.000Z')
    const status = summarise(closed.state as EntityStatistics).states.status
    assert.deepEqual(
      [status?.value, status?.sinceMs, status?.day.ms],
      [undefined, T0 + 305_000, { ok: 300_000 }],
    )
    assert.ok(statistics.awaitsLog?.('silent status'))
  })

  test('when a family has no states, then what is stored of its metrics is as before', () => {
    const stored = JSON.stringify(
      decideAll([
        [0, 1],
        [60, 2],
      ]).at(-1)?.state,
    )
    assert.ok(!stored.includes('states'))
  })

  test('when a reading has neither, then nothing changes', () => {
    const event = received([90, 1], { temperature: undefined })
    assert.deepEqual(
      statistics.onEvent(undefined, event, KNOWN.initial),
      completeStep('no-metric', undefined),
    )
  })
})

describe('given a family whose file changes what its names mean', () => {
  const { file } = FAMILIES.get('environment')
  const kelvin = { ...file, metrics: { ...file.metrics, temperature: { unit: 'K' } } }
  const listed = { ...file, states: { status: { values: ['ok', 'broken'] } } }

  /** Decides readings with the families of their time, as a partition does. */
  function decideWith(readings: readonly [file: typeof file, seconds: number, data: ReadingData][]) {
    let state: EntityStatistics | undefined
    let known: unknown
    const stored: unknown[] = []
    for (const [family, seconds, data] of readings) {
      const process = createStatistics(new Families([family]))
      const step = decided(process.onEvent(state, received([seconds, 1], data), KNOWN.read(known)))
      state = JSON.parse(JSON.stringify(step.state))
      if (step.context !== undefined) {
        known = JSON.parse(JSON.stringify(step.context))
        stored.push(known)
      }
    }
    return { ...summarise(state as EntityStatistics), contexts: stored.length }
  }

  // Promise config/families/README.md#when-a-family-changes | Statistics and what rules remember begin anew when the unit of a metric changes, and say since when.
  test('when the unit of a metric changes, and back, then its statistics begin anew, and say since when', () => {
    const temperature = (value: number) => ({ temperature: value, humidity: 50 })
    const { metrics, contexts } = decideWith([
      [file, 0, temperature(20)],
      [file, 1, temperature(22)],
      [kelvin, 2, temperature(295)],
      [kelvin, 3, temperature(296)],
      [file, 4, temperature(21)],
      [file, 5, temperature(23)],
    ])
    const { count, maximum, since } = metrics.temperature ?? {}
    assert.deepEqual([count, maximum, since], [2, 23, '2026-01-01T00:00:04.000Z'])
    assert.deepEqual([metrics.humidity?.count, metrics.humidity?.since], [6, undefined])
    assert.equal(contexts, 3, 'what it means is stored once for the partition, when it changes')
  })

  test('when the values of a state change, then its times begin anew', () => {
    const status = (value: string) => ({ temperature: undefined, status: value })
    const { states } = decideWith([
      [file, 0, status('ok')],
      [listed, 61, status('ok')],
      [listed, 62, status('broken')],
    ])
    assert.deepEqual([states.status?.count, states.status?.hour.ms], [2, { ok: 1000 }])
  })
})

describe('given a reading that statistics cannot take', () => {
  const cases: [name: string, event: Received<ReadingData>, why: RegExp][] = [
    ['is beyond what counts', received([0, 1e200]), /^temperature is too large/],
    ['is of no family', { ...received([0, 1]), type: 'io.sluice.other.v1' }, /unknown family/],
  ]
  for (const [name, event, why] of cases) {
    test(`when it ${name}, then it is rejected`, () => {
      const step = statistics.onEvent(undefined, event, KNOWN.initial)
      assert.ok(step.kind === 'rejected')
      assert.match(step.why, why)
    })
  }
})

describe('given any readings in any order', () => {
  const series = fc.array(fc.tuple(fc.nat(400), fc.integer({ min: -50, max: 50 })), {
    minLength: 1,
    maxLength: 60,
  })

  test('then every summary fits its schema, no emission name comes twice, and revisions count up', () => {
    fc.assert(
      fc.property(series, samples => {
        const emissions = emittedBy(samples)
        for (const { type, data } of emissions) assert.equal(schemaViolation(FAMILIES, type, data), undefined)
        assert.equal(new Set(emissions.map(({ name }) => name)).size, emissions.length)
        const revisions = new Map<string, number>()
        for (const { windowStart, revision } of listSummaries(samples)) {
          assert.equal(revision, (revisions.get(windowStart) ?? 0) + 1)
          revisions.set(windowStart, revision)
        }
      }),
    )
  })

  test('then each counts once in the rolling statistics, and once in a window unless it is late', () => {
    fc.assert(
      fc.property(series, samples => {
        const steps = decideAll(samples)
        const inWindows = new Map<string, number>()
        for (const { windowStart, metrics } of listSummaries(samples)) {
          inWindows.set(windowStart, metrics.temperature?.count ?? 0)
        }
        const state = steps.at(-1)?.state
        const open = state?.minutes?.at(-1)?.[1].temperature?.count ?? 0
        const closed = [...inWindows.values()].reduce((sum, count) => sum + count, 0)
        const late = steps.filter(({ reason }) => reason === 'late').length
        assert.equal(open + closed + late, samples.length)
        assert.equal(state?.metrics.temperature?.count, samples.length)
      }),
    )
  })

  test('when they come in order, then the summaries are those of the minutes, one each', () => {
    fc.assert(
      fc.property(series, samples => {
        const inOrder = [...samples].sort(([a], [b]) => a - b)
        const minutes = Map.groupBy(inOrder, ([seconds]) => Math.floor((seconds * 1000) / MINUTE_MS))
        const closed = [...minutes.values()].slice(0, -1)
        assert.deepEqual(
          listSummaries(inOrder).map(({ revision, metrics }) => [revision, metrics.temperature?.count]),
          closed.map(readings => [1, readings.length]),
        )
      }),
    )
  })

  test('then the state stays small', () => {
    const samples = Array.from({ length: 2000 }, (_, index): Sample => [index * 7, Math.sin(index) / 3])
    assert.ok(JSON.stringify(decideAll(samples).at(-1)?.state).length < 1000)
  })
})
