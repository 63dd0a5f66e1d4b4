import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  addStateReading,
  type ClosedMinutes,
  closeSilent,
  getNewestValue,
  listOpenSpans,
  OTHERS,
  type StateTimes,
  sumPeriod,
} from '../../../lib/analytics/state-times.ts'

const T0 = Date.UTC(2026, 0, 1, 10)
const MINUTE_MS = 60_000

/** A reading, or the timer of a silent entity. */
type Input = readonly [seconds: number, value: string] | 'silent'

interface Run {
  readonly times: StateTimes
  readonly reasons: readonly string[]
  readonly closed: readonly ClosedMinutes[]
}

/** Decides inputs one after the other. The times go through JSON, as they do in the store. */
function decideAll(inputs: readonly Input[], holdSeconds = 300): Run {
  let times: StateTimes | undefined
  const reasons: string[] = []
  const closed: ClosedMinutes[] = []
  for (const input of inputs) {
    if (input === 'silent' && !times) continue
    const step =
      input === 'silent'
        ? { reason: 'silent', ...closeSilent(times as StateTimes) }
        : addStateReading(times, input[1], T0 + input[0] * 1000, holdSeconds * 1000)
    times = JSON.parse(JSON.stringify(step.times))
    reasons.push(step.reason)
    closed.push(...step.closed)
  }
  return { times: times as StateTimes, reasons, closed }
}

/** Returns what was published about minutes: minute, length, revision, seconds by value, and the value at the end. */
const brief = ({ fromMs, toMs, revision, ms, value, sinceMs }: ClosedMinutes) => [
  (fromMs - T0) / MINUTE_MS,
  (toMs - fromMs) / MINUTE_MS,
  revision,
  Object.fromEntries(Object.entries(ms).map(([name, time]) => [name, time / 1000])),
  `${value ?? 'unknown'} since ${(sinceMs - T0) / 1000}`,
]

describe('given readings of a state', () => {
  // biome-ignore format: a table
  const cases: [name: string, inputs: Input[], published: unknown[][]][] = [
    ['the minute is open', [[0, 'ok'], [59, 'fault']], []],
    ['a later minute begins', [[0, 'ok'], [45, 'fault'], [60, 'fault']],
      [[0, 1, 1, { ok: 45, fault: 15 }, 'fault since 45']]],
    ['it is in the middle of a minute', [[20, 'ok'], [60, 'ok']], [[0, 1, 1, { ok: 40 }, 'ok since 20']]],
    ['they have one time, then the last one in the log counts', [[0, 'ok'], [0, 'fault'], [60, 'ok']],
      [[0, 1, 1, { fault: 60 }, 'fault since 0']]],
    ['a value holds for minutes, then they are one range, without the last one', [[30, 'ok'], [270, 'ok']],
      [[0, 1, 1, { ok: 30 }, 'ok since 30'], [1, 2, 1, { ok: 120 }, 'ok since 30'], [3, 1, 1, { ok: 60 }, 'ok since 30']]],
    ['the next one comes after the value has become unknown', [[30, 'ok'], [900, 'ok'], [960, 'ok']],
      [[0, 1, 1, { ok: 30 }, 'ok since 30'], [1, 4, 1, { ok: 240 }, 'ok since 30'], [5, 1, 1, { ok: 30 }, 'unknown since 330'],
        [15, 1, 1, { ok: 60 }, 'ok since 900']]],
    ['the entity is silent, then unknown begins once', [[30, 'ok'], 'silent', 'silent'],
      [[0, 1, 1, { ok: 30 }, 'ok since 30'], [1, 4, 1, { ok: 240 }, 'ok since 30'], [5, 1, 1, { ok: 30 }, 'unknown since 330']]],
    ['it ends with the end of a minute', [[0, 'ok'], 'silent'],
      [[0, 1, 1, { ok: 60 }, 'ok since 0'], [1, 3, 1, { ok: 180 }, 'ok since 0'], [4, 1, 1, { ok: 60 }, 'unknown since 300']]],
    ['one is late for the closed minute', [[0, 'ok'], [60, 'ok'], [30, 'fault'], [40, 'ok']],
      [[0, 1, 1, { ok: 60 }, 'ok since 0'], [0, 1, 2, { ok: 30, fault: 30 }, 'fault since 30'],
        [0, 1, 3, { ok: 50, fault: 10 }, 'ok since 40']]],
    ['one is late for the last minute of a range', [[0, 'ok'], [240, 'ok'], [210, 'fault']],
      [[0, 1, 1, { ok: 60 }, 'ok since 0'], [1, 2, 1, { ok: 120 }, 'ok since 0'], [3, 1, 1, { ok: 60 }, 'ok since 0'],
        [3, 1, 2, { ok: 30, fault: 30 }, 'fault since 210']]],
    ['one is later than the grace', [[0, 'ok'], [120, 'ok'], [59, 'fault']],
      [[0, 1, 1, { ok: 60 }, 'ok since 0'], [1, 1, 1, { ok: 60 }, 'ok since 0']]],
    ['the first ones are not in order', [[60, 'ok'], [30, 'fault']], [[0, 1, 1, { fault: 30 }, 'fault since 30']]],
    ['one comes after the timer, for a minute that it closed', [[0, 'ok'], 'silent', [290, 'fault'], 'silent'],
      [[0, 1, 1, { ok: 60 }, 'ok since 0'], [1, 3, 1, { ok: 180 }, 'ok since 0'], [4, 1, 1, { ok: 60 }, 'unknown since 300'],
        [4, 1, 2, { ok: 50, fault: 10 }, 'fault since 290'], [5, 1, 1, { fault: 60 }, 'fault since 290'],
        [6, 3, 1, { fault: 180 }, 'fault since 290'],
        [9, 1, 1, { fault: 50 }, 'unknown since 590']]],
  ]
  for (const [name, inputs, published] of cases)
    test(`when ${name}, then the minutes say so`, () => {
      assert.deepEqual(decideAll(inputs).closed.map(brief), published)
    })

  test('when they are late, then they are counted, and change neither minutes nor the newest value', () => {
    const { times, reasons } = decideAll([
      [0, 'ok'],
      [120, 'ok'],
      [59, 'fault'],
      [61, 'fault'],
    ])
    assert.deepEqual(reasons, ['counted', 'window-closed', 'late', 'window-revised'])
    assert.equal(times.late, 1)
    assert.deepEqual(getNewestValue(times), {
      value: 'ok',
      sinceMs: T0 + 120_000,
      lastMs: T0 + 120_000,
    })
  })

  test('when a value held for a day, then no range contains the end of an hour', () => {
    const { closed } = decideAll([[1800, 'ok'], 'silent'], 86_400)
    assert.equal(closed.length, 27)
    const hours = closed.map(({ fromMs, toMs }) => [
      Math.floor(fromMs / 3_600_000),
      Math.ceil(toMs / 3_600_000),
    ])
    assert.ok(hours.every(([from = 0, to]) => to === from + 1))
  })

  test('when it is asked for the newest value of a silent entity, then it is unknown since it ceased to hold', () => {
    const { times } = decideAll([[30, 'ok'], 'silent'])
    assert.deepEqual(getNewestValue(times), { sinceMs: T0 + 330_000, lastMs: T0 + 30_000 })
    const { times: open } = decideAll([[30, 'ok']])
    assert.deepEqual(
      [329_999, 330_000].map(ms => getNewestValue(open, T0 + ms).value),
      ['ok', undefined],
      'the clock of the log may stand still',
    )
  })
})

describe('given values without end', () => {
  test('when there are more than 50 at a time, then the rest are others, and the times stay small', () => {
    const inputs = Array.from({ length: 3000 }, (_, index): Input => [index * 61, `program ${index % 700}`])
    const { times, closed } = decideAll(inputs)
    assert.ok(closed.some(({ ms }) => Object.hasOwn(ms, OTHERS)))
    assert.ok(JSON.stringify(times).length < 20_000)
  })

  test('when values come and go over days, then new ones are told apart', () => {
    const inputs = Array.from({ length: 400 }, (_, index): Input => [index * 3600, `program ${index}`])
    assert.ok(!decideAll(inputs).closed.some(({ ms }) => Object.hasOwn(ms, OTHERS)))
  })

  test('when a minute has thousands of readings, then those are left out that change least', () => {
    const inputs = Array.from(
      { length: 6000 },
      (_, index): Input => [index / 100, index < 4500 ? 'ok' : 'fault'],
    )
    const { times, closed } = decideAll([...inputs, [61, 'ok']])
    assert.deepEqual(closed.map(brief), [[0, 1, 1, { ok: 45, fault: 15 }, 'fault since 45']])
    assert.ok(JSON.stringify(times).length < 1200)
  })
})

describe('given any readings in any order, and any timers', () => {
  const input = fc.oneof(
    {
      weight: 9,
      arbitrary: fc.tuple(fc.integer({ min: 0, max: 4000 }), fc.constantFrom('ok', 'fault', 'off')),
    },
    { weight: 1, arbitrary: fc.constant('silent' as const) },
  )
  const runs = fc.tuple(fc.array(input, { minLength: 1, maxLength: 60 }), fc.integer({ min: 1, max: 900 }))

  /** Returns the seconds of each second of time in which a value held, computed from all accepted readings at once. */
  function measureAgain(
    accepted: readonly (readonly [number, string])[],
    from: number,
    to: number,
    hold: number,
  ) {
    const last = new Map(accepted)
    const ordered = [...last].sort(([a], [b]) => a - b)
    const sums: Record<string, number> = {}
    for (const [index, [start, value]] of ordered.entries()) {
      const end = Math.min(to, start + hold, ordered[index + 1]?.[0] ?? Number.POSITIVE_INFINITY)
      const seconds = end - Math.max(from, start)
      if (seconds > 0) sums[value] = (sums[value] ?? 0) + seconds * 1000
    }
    return sums
  }

  // Promise config/families/README.md#states | The time in each value of each minute is that of all readings that were not late, and unknown begins once.
  test('then the last revision of each minute has the time in each value of all readings that were not late', () => {
    fc.assert(
      fc.property(runs, ([inputs, hold]) => {
        const sorted = inputs.map(
          (one, index): Input => (one === 'silent' ? one : [one[0] / 4 + index * 20, one[1]]),
        )
        const all = [...sorted.filter((one, index) => index > 0 || one !== 'silent'), 'silent' as const]
        if (all.length < 2 || all[0] === 'silent') return
        const { times, reasons, closed } = decideAll(all, hold)
        const accepted = all.filter((one, index) => one !== 'silent' && reasons[index] !== 'late') as [
          number,
          string,
        ][]
        const minutes = new Map<number, ClosedMinutes>()
        for (const one of closed) {
          assert.equal(one.revision, (minutes.get(one.fromMs)?.revision ?? 0) + 1)
          minutes.set(one.fromMs, one)
        }
        for (const { fromMs, toMs, ms } of minutes.values())
          assert.deepEqual({ ...ms }, measureAgain(accepted, (fromMs - T0) / 1000, (toMs - T0) / 1000, hold))
        const published = [...minutes.values()]
          .flatMap(({ ms }) => Object.values(ms))
          .reduce((a, b) => a + b, 0)
        const known = Object.values(measureAgain(accepted, 0, 1e6, hold)).reduce((a, b) => a + b, 0)
        assert.ok(Math.abs(published - known) < 1e-6)
        const day = sumPeriod(times, 'day')
        const sums = Object.values(day.ms).reduce((a, b) => a + b, 0)
        assert.ok(Math.abs(sums - known) < 1e-6)
      }),
      { numRuns: 500 },
    )
  })
})

test('given readings, then the open minute is stretches of one value, the last one as long as it can hold', () => {
  const { times } = decideAll([
    [0, 'ok'],
    [70, 'ok'],
    [100, 'fault'],
    [130, 'fault'],
    [140, 'ok'],
  ])
  assert.deepEqual(
    listOpenSpans(times).map(span => [(span.fromMs - T0) / 1000, (span.toMs - T0) / 1000, span.value]),
    [
      [120, 130, 'fault'],
      [130, 140, 'fault'],
      [140, 440, 'ok'],
    ],
  )
})
