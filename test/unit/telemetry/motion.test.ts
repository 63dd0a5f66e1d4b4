import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Device } from '../../../lib/telemetry/simulator/fleet.ts'
import {
  MODELS,
  type Motion,
  modelNamed,
  type TransitionRow,
} from '../../../lib/telemetry/simulator/models.ts'
import { activityAt, isDay, STEP_MS } from '../../../lib/telemetry/simulator/motion.ts'
import { simulate, simulateReading } from '../../../lib/telemetry/simulator/simulate.ts'
import { FAMILIES, GENERATOR } from '../../support/families.ts'

const T0 = Date.UTC(2026, 0, 1)
const DAY_MS = 86_400_000
const device = (model: string, id: string, longitude = 0): Device => {
  return { family: 'device', id, tenant: 'test', model, longitude }
}
/** The deviation of the devices' offsets of zero, on x and y. */
const OFFSETS = 0.1 / Math.SQRT2
const createFleet = (model: string, size: number) =>
  Array.from({ length: size }, (_, index) => device(model, `device-${index}`))

/** Whether so many of the trials succeed with this probability: at most four standard deviations off. */
function isLikely(successes: number, trials: number, probability: number): boolean {
  return (
    Math.abs(successes - trials * probability) <= 4 * Math.sqrt(trials * probability * (1 - probability)) + 1
  )
}

for (const [name, model] of MODELS)
  describe(`given the model ${name}`, () => {
    const { hub, day, motion } = model
    const matrices = { day, night: { ...day, ...model.night } }
    const activities = Object.keys(day)

    test('then each row sums to 1, and leads to known activities, to the hub first', () => {
      for (const [part, matrix] of Object.entries(matrices)) {
        assert.deepEqual(Object.keys(matrix), activities, part)
        const others = Object.entries(matrix).filter(([activity]) => activity !== hub)
        for (const [activity, { next }] of others) assert.equal(Object.keys(next)[0], hub, activity)
        for (const [activity, { lasts, next }] of Object.entries(matrix)) {
          const sum = Object.values(next).reduce((total, share) => total + share, 0)
          assert.ok(Math.abs(sum - 1) < 1e-9, `${part} ${activity}`)
          assert.ok(Object.keys(next).every(other => activities.includes(other) && other !== activity))
          assert.ok(lasts * 1_000 >= 2 * STEP_MS, 'a step in which all end in the hub may not leave it')
        }
      }
    })

    test('then a device that is still feels gravity alone, and the others swing around it', () => {
      assert.deepEqual(Object.keys(motion), activities)
      for (const [activity, { mean, spread }] of Object.entries(motion)) {
        const isStill = Math.max(...spread) < 1
        assert.equal(isStill, ['resting', 'sitting', 'standing'].includes(activity), activity)
        if (isStill) assert.ok(Math.abs(Math.hypot(...mean) - 9.81) < 0.02, activity)
      }
    })

    const chains = createFleet(name, 10).map(device => {
      const steps = (20 * DAY_MS) / STEP_MS
      return Array.from({ length: steps }, (_, step) =>
        activityAt(device, { seed: 'chain', timeMs: T0 + step * STEP_MS }),
      )
    })

    // Promise docs/readings.md#simulated-readings | Devices change their activity by the matrix of their model, and a run reports as acknowledged only what Kafka has.
    test('when devices change their activities, then as often as the matrix of the hour has it', () => {
      const counts = new Map<string, number>()
      const count = (...key: string[]) => counts.set(key.join(' '), (counts.get(key.join(' ')) ?? 0) + 1)
      const counted = (...key: string[]) => counts.get(key.join(' ')) ?? 0
      for (const chain of chains)
        for (let step = 1; step < chain.length; step++) {
          const [before, now] = chain.slice(step - 1, step + 1) as [string, string]
          const part = isDay(T0 + step * STEP_MS, 0) ? 'day' : 'night'
          count(part, before)
          if (now !== before) count(part, before, 'left')
          if (now !== before) count(part, before, now)
        }
      for (const [part, matrix] of Object.entries(matrices))
        for (const [activity, { lasts, next }] of Object.entries<TransitionRow>(matrix)) {
          const left = counted(part, activity, 'left')
          const named = `${part} ${activity}, left ${left} times of ${counted(part, activity)}`
          assert.ok(left > 10, named)
          assert.ok(isLikely(left, counted(part, activity), STEP_MS / (lasts * 1_000)), named)
          for (const other of activities)
            assert.ok(isLikely(counted(part, activity, other), left, next[other] ?? 0), `${named}: ${other}`)
        }
    })

    test('when activities begin in the morning, then they last as the table says, without a memory', () => {
      const lengths = new Map<string, number[]>()
      for (const chain of chains)
        for (let step = 1, from = 1; step < chain.length; step++) {
          const activity = chain[step - 1] as string
          if (chain[step] === activity) continue
          const hour = ((from * STEP_MS) % DAY_MS) / 3_600_000
          if (hour >= 7 && hour < 12)
            lengths.set(activity, [...(lengths.get(activity) ?? []), (step - from) * STEP_MS])
          from = step
        }
      for (const [activity, { lasts }] of Object.entries(day)) {
        const own = lengths.get(activity) ?? []
        const meanMs = own.reduce((total, length) => total + length, 0) / own.length
        const named = `${activity}: ${own.length} times, ${meanMs / 1_000} s instead of ${lasts} s`
        assert.ok(own.length > 50, named)
        assert.ok(Math.abs(meanMs - lasts * 1_000) < (4 * lasts * 1_000) / Math.sqrt(own.length), named)
        const longer = own.filter(length => length > lasts * 1_000).length
        const expected = (1 - STEP_MS / (lasts * 1_000)) ** ((lasts * 1_000) / STEP_MS)
        assert.ok(isLikely(longer, own.length, expected), `${named}, ${longer} longer`)
      }
    })

    for (const tickSeconds of [0.5, 5, 60])
      test(`when it is read each ${tickSeconds} s, then each axis has the mean and the spread of the activity`, () => {
        const settings = { ...GENERATOR, anomalyRate: 0, tickSeconds, fleet: createFleet(name, 100) }
        const from = (T0 + DAY_MS / 2) / (1_000 * tickSeconds)
        const felt = new Map<string, number[][]>(activities.map(activity => [activity, []]))
        for (const { event } of simulate(FAMILIES, settings, from, from + 400)) {
          const { activity, x, y, z } = event.data as { activity: string; x: number; y: number; z: number }
          felt.get(activity)?.push([x, y, z])
        }
        for (const [activity, { mean, spread }] of Object.entries<Motion>(motion)) {
          const own = felt.get(activity) ?? []
          assert.ok(own.length > 200, activity)
          for (const axis of [0, 1, 2] as const) {
            const values = own.map(values => values[axis] as number)
            const [average, deviation] = [computeMean(values), computeDeviation(values)]
            const named = `${activity}, axis ${axis}: ${average} ± ${deviation}`
            const [offsets, expected] =
              axis === 2 ? [0, spread[2]] : [OFFSETS, Math.hypot(spread[axis], OFFSETS)]
            // There are 100 devices, and values are rounded to hundredths.
            const bound = (4 * spread[axis]) / Math.sqrt(own.length) + (4 * offsets) / 10 + 0.001
            assert.ok(Math.abs(average - mean[axis]) < bound, named)
            assert.ok(Math.abs(deviation - expected) < bound, named)
          }
        }
      })
  })

const times = fc.integer({ min: T0, max: T0 + 3653 * DAY_MS })
const seeds = fc.stringMatching(/^[A-Za-z0-9]{1,32}$/)
const models = fc.constantFrom(...MODELS.keys(), 'unheard-of')

describe('given a device', () => {
  test('when its activity is asked for in any order, then it is that of a device asked for the first time', () => {
    fc.assert(
      fc.property(
        seeds,
        models,
        times,
        fc.array(fc.integer({ min: 0, max: DAY_MS })),
        (seed, model, from, all) => {
          const asked = device(model, 'one', 135)
          for (const offset of all) {
            const moment = { seed, timeMs: from + offset }
            assert.equal(activityAt(asked, moment), activityAt({ ...asked }, moment))
            activityAt(asked, { ...moment, seed: `${seed}2` })
          }
        },
      ),
    )
  })

  test('when it is read at another rate, then at the same instant it does the same', () => {
    fc.assert(
      fc.property(seeds, models, times, (seed, model, timeMs) => {
        const minute = Math.floor(timeMs / 60_000)
        const [activity, ...others] = [60, 5, 1, 0.1].map(tickSeconds => {
          const settings = { ...GENERATOR, seed, tickSeconds, anomalyRate: 0 }
          const { event } = simulateReading(
            FAMILIES,
            settings,
            device(model, 'one'),
            (minute * 60) / tickSeconds,
          )
          return (event.data as { activity: string }).activity
        })
        for (const other of others) assert.equal(other, activity)
      }),
    )
  })

  test('when its model is unknown, then it moves like a band', () => {
    assert.equal(modelNamed('unheard-of'), modelNamed('motion-band-2'))
  })
})

function computeMean(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length
}

function computeDeviation(values: readonly number[]): number {
  const mean = computeMean(values)
  return Math.sqrt(computeMean(values.map(value => (value - mean) ** 2)))
}
