import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type Judged,
  judge,
  type Learned,
  learningMs,
  THRESHOLDS,
} from '../../../../lib/alerting/anomaly/detector.ts'
import type { AnomalyKind } from '../../../../lib/alerting/anomaly/features.ts'
import { anomaly } from '../../../../lib/alerting/kinds/anomaly.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const START = Date.UTC(2026, 0, 5)
const SETTINGS = { threshold: THRESHOLDS.medium, day: true, week: true }

/** Numbers from -1 to 1 that look random, and are the same in every run. */
function noise(seed: number) {
  let last = seed
  return () => {
    last = (last * 1_664_525 + 1_013_904_223) % 4_294_967_296
    return last / 2_147_483_648 - 1
  }
}

interface Series {
  readonly everyMs?: number
  readonly count: number
  /** Value of the reading with this index; undefined for a reading that is missing. */
  readonly value: (index: number, noise: number) => number | undefined
}

/** Returns the anomalies that are told of a series, with the state stored as JSON after each reading. */
function told({ everyMs = 5 * MINUTE, count, value }: Series) {
  const random = noise(7)
  const anomalies: { readonly index: number; readonly why: AnomalyKind | undefined }[] = []
  let [state, bytes]: [Learned | undefined, number] = [undefined, 0]
  for (let index = 0; index < count; index += 1) {
    const own = value(index, random())
    if (own === undefined) continue
    const judged = judge(SETTINGS, state, START + index * everyMs, own)
    if (judged.isNew) anomalies.push({ index, why: judged.why })
    const text = JSON.stringify(judged.state)
    bytes = Math.max(bytes, text.length)
    state = JSON.parse(text)
  }
  return { anomalies, bytes, state: state as Learned }
}

const daily = (index: number) => 20 * Math.sin((index / 288) * 2 * Math.PI)

describe('given a metric with noise and a rhythm of the day', () => {
  const usual = (index: number, random: number) => 50 + daily(index) + random

  test('when nothing happens for two weeks, then hardly anything is told', () => {
    const { anomalies } = told({ count: 14 * 288, value: usual })
    assert.ok(anomalies.length <= 2, JSON.stringify(anomalies))
  })

  const at = 10 * 288
  const cases: readonly (readonly [
    string,
    readonly AnomalyKind[],
    (index: number, random: number) => number,
  ])[] = [
    ['a spike', ['spike'], (index, random) => usual(index, random) + (index === at ? 40 : 0)],
    ['a fall', ['spike'], (index, random) => usual(index, random) - (index === at ? 40 : 0)],
    [
      'another level',
      ['spike', 'level', 'rhythm'],
      (index, random) => usual(index, random) + (index >= at ? 60 : 0),
    ],
    [
      'a day without its rhythm',
      ['rhythm', 'level', 'stuck'],
      (index, random) => (index >= at ? 50 + random : usual(index, random)),
    ],
    [
      'a stuck sensor',
      ['stuck', 'rhythm', 'level'],
      (index, random) => (index >= at ? 50 : usual(index, random)),
    ],
    [
      'much noise',
      ['spread', 'spike'],
      (index, random) => usual(index, random) + (index >= at ? 8 * random : 0),
    ],
  ]
  // Promise config/rules/kinds/anomaly.md#how-well-it-detects | A rule that learns tells a stuck sensor, a lost rhythm and another level, once.
  for (const [name, whys, value] of cases)
    test(`when there is ${name}, then it is told within a day, once`, () => {
      const { anomalies } = told({ count: at + 288, value })
      const found = anomalies.filter(({ index }) => index >= at)
      assert.ok(found.length >= 1 && found.length <= 2, JSON.stringify(anomalies))
      assert.ok(whys.includes(found[0]?.why as AnomalyKind), JSON.stringify(found))
    })

  test('when a level stays, then it is usual in the end', () => {
    const { anomalies } = told({
      count: at + 14 * 288,
      value: (index, random) => usual(index, random) + (index >= at ? 60 : 0),
    })
    assert.ok(anomalies.some(({ index }) => index >= at && index < at + 24))
    assert.deepEqual(
      anomalies.filter(({ index }) => index > at + 7 * 288),
      [],
    )
  })

  test('when readings are missing for hours or days, then the gap raises nothing', () => {
    for (const gap of [12, 100, 3 * 288]) {
      const value = (index: number, random: number) =>
        index >= at && index < at + gap ? undefined : usual(index, random)
      const { anomalies } = told({ count: at + gap + 288, value })
      assert.deepEqual(
        anomalies.filter(({ index }) => index >= at),
        [],
        `${gap}`,
      )
    }
  })
})

describe('given other metrics', () => {
  test('when it never changes, then nothing is told until it does', () => {
    const value = (index: number) => (index === 3_000 ? 46 : 45)
    const { anomalies } = told({ count: 4_000, value })
    assert.deepEqual(
      anomalies.map(({ index }) => index),
      [3_000],
    )
  })

  for (const threshold of Object.values(THRESHOLDS))
    test(`when a constant changes its level, then it is unusual for at least 30 steps, with ${threshold}`, () => {
      for (const constant of [240, 864, 3_000])
        for (const by of [0.001, -15, 1e6]) {
          let state: Learned | undefined
          const scores: (number | undefined)[] = []
          for (let index = 0; index < constant + 30; index += 1) {
            const value = index < constant ? 20 : 20 + by
            const judged = judge({ ...SETTINGS, threshold }, state, START + index * 5 * MINUTE, value)
            state = judged.state
            if (index >= constant) scores.push(judged.score)
          }
          const firing = scores.filter(score => (score ?? 0) >= threshold).length
          // The rarest reading in 240 is too usual for `low`.
          if (constant > 240 || threshold < THRESHOLDS.low) assert.equal(firing, 30, `${constant} ${by}`)
        }
    })

  test('when it only counts up, then its rate is learned, and a restart raises nothing', () => {
    const count = (index: number, random: number) => (index % 2_500) * 100 + random * 20
    const steady = told({ count: 6_000, value: count })
    assert.ok(steady.anomalies.length <= 1, JSON.stringify(steady.anomalies))
    const { anomalies } = told({
      count: 6_000,
      value: (index, random) =>
        count(index, random) +
        (index >= 5_500 && index < 5_520 ? 20_000 * (index - 5_499) : index >= 5_520 ? 400_000 : 0),
    })
    assert.ok(
      anomalies.some(({ index }) => index === 5_500),
      JSON.stringify(anomalies),
    )
  })

  for (const [name, everyMs, count] of [
    ['a second', 1_000, 100_000],
    ['a day', DAY, 2_000],
  ] as const)
    test(`when readings are ${name} apart, then a spike is found, and little else`, () => {
      const at = count - 100
      const { anomalies } = told({
        everyMs,
        count,
        value: (index, random) => 50 + 5 * random + (index === at ? 100 : 0),
      })
      assert.ok(
        anomalies.some(({ index, why }) => index === at && why === 'spike'),
        JSON.stringify(anomalies),
      )
      assert.ok(anomalies.length <= 2, JSON.stringify(anomalies))
    })

  test('when values are as long as numbers can be, then the state stays within its bound', () => {
    const { bytes } = told({
      count: 12_000,
      value: (index, random) => daily(index) * Math.PI * 1e5 ** random,
    })
    assert.ok(bytes <= (anomaly.memory?.largestBytes ?? 0), `${bytes}`)
  })
})

describe('given a metric that has been learned', () => {
  const noisy = (_: number, random: number) => 50 + random
  const { state } = told({ count: 600, value: noisy })
  const isUnusual = (judged: Judged) => (judged.score ?? 0) >= SETTINGS.threshold
  const [, lastMs, everyMs] = state.t

  test('when a spike follows a gap, then it counts only after 20 steps', () => {
    for (const [quietSteps, expected] of [
      [0, false],
      [19, false],
      [20, true],
    ] as const) {
      let [before, timeMs] = [state, lastMs + 2 * DAY]
      for (let step = 0; step < quietSteps; step += 1, timeMs += 5 * MINUTE)
        before = judge(SETTINGS, before, timeMs, 50 + Math.sin(step)).state
      assert.equal(isUnusual(judge(SETTINGS, before, timeMs, 100)), expected, `${quietSteps}`)
    }
  })

  test('when a pause is at most ten intervals, then it is no gap', () => {
    assert.ok(isUnusual(judge(SETTINGS, state, lastMs + 10 * everyMs, 100)))
    assert.ok(!isUnusual(judge(SETTINGS, state, lastMs + 10 * everyMs + 1, 100)))
  })

  test('when an anomaly lasts, then its readings count half, and not for the rhythm', () => {
    const levels: Learned[] = [state]
    for (let step = 1; step <= 100; step += 1)
      levels.push(judge(SETTINGS, levels.at(-1), lastMs + step * 5 * MINUTE, 100).state)
    const [first, last] = [levels[0] as Learned, levels.at(-1) as Learned]
    assert.equal(last.e?.[6], 1)
    assert.deepEqual(
      last.h.n.slice(0, 8).map((count, feature) => count - (first.h.n[feature] as number)),
      Array(8).fill(50),
    )
    assert.deepEqual(last.r, first.r)
    const usual = judge(SETTINGS, state, lastMs + 5 * MINUTE, 50.5).state
    assert.equal(usual.h.n[0], (state.h.n[0] as number) + 1)
    assert.notDeepEqual(usual.r, state.r)
  })

  test('when a value is beyond what statistics include, then it changes nothing', () => {
    for (const value of [1.01e100, -1.7e308]) {
      const judged = judge(SETTINGS, state, lastMs + 5 * MINUTE, value)
      assert.equal(judged.state, state)
      assert.equal(judged.score, 0)
    }
    assert.ok(isUnusual(judge(SETTINGS, state, lastMs + 5 * MINUTE, -1e100)))
  })

  test('when the first value is beyond what statistics include, then learning begins with the next', () => {
    const { state: empty } = judge(SETTINGS, undefined, START, -1.7e308)
    const { state: next } = judge(SETTINGS, empty, START + 5 * MINUTE, 20)
    assert.deepEqual([next.n, next.x, next.m], [1, 20, [20, 20, 20, 20]])
  })
})

test('given numbers of any size, then a state that is stored judges as the one in memory', () => {
  let kept: Learned | undefined
  let stored: Learned | undefined
  const random = noise(3)
  for (let index = 0; index < 1_500; index += 1) {
    const value = index % 50 === 7 ? 1.7e308 * Math.sign(random()) : random() * 10 ** (300 * random())
    const [own, read] = [kept, stored].map(before =>
      judge(SETTINGS, before, START + index * MINUTE * 5, value),
    )
    assert.ok(own && read)
    const { state: _, ...judged } = own
    const { state: text, ...judgedAgain } = read
    assert.deepEqual(judgedAgain, judged)
    assert.ok(Number.isFinite(judged.expected) && own.state.m.every(Number.isFinite))
    kept = own.state
    stored = JSON.parse(JSON.stringify(text))
  }
})

test('given a reading with the time of the last one, then it changes nothing', () => {
  const { state } = told({ count: 500, value: (_, random) => random })
  const judged = judge(SETTINGS, state, state.t[1], 1e6)
  assert.equal(judged.state, state)
  assert.equal(judged.score, 0)
})

test('given little data, then the rule says how long it still learns', () => {
  const { state } = told({ count: 289, value: (_, random) => random })
  assert.equal(learningMs(state, 2 * DAY), DAY)
  assert.ok(learningMs(state, 0) <= 0)
  const short = told({ count: 100, value: (_, random) => random })
  assert.equal(learningMs(short.state, 0), 100 * 5 * MINUTE)
})
