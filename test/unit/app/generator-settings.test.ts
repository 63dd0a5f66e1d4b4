import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ConfigError } from '#runtime/settings/config-error.ts'
import { GENERATOR_KEYS, generatorSettings } from '../../../lib/app/settings/generator.ts'
import { createDefaultFleet } from '../../../lib/telemetry/simulator/fleet.ts'
import { GENERATOR_DEFAULTS } from '../../../lib/telemetry/simulator/settings.ts'
import { FAMILIES } from '../../support/families.ts'
import { goldenAnswers } from '../../support/golden.ts'

function listErrors(input: unknown): readonly string[] {
  try {
    generatorSettings(FAMILIES, input)
    return []
  } catch (error) {
    return (error as ConfigError).errors
  }
}

describe('given settings that hold', () => {
  const cases: [name: string, input: object][] = [
    ['nothing set', {}],
    ['a seed', { seed: 'Demo42' }],
    ['the bounds of numbers', { tickSeconds: 3600, anomalyRate: 0 }],
    ['a fraction of a second', { tickSeconds: 0.1 }],
  ]
  for (const [name, input] of cases) {
    test(`when ${name} is read, then the rest is default`, () => {
      assert.deepEqual(generatorSettings(FAMILIES, input), {
        ...GENERATOR_DEFAULTS,
        fleet: createDefaultFleet(FAMILIES),
        ...input,
      })
    })
  }

  test('when the documentation lists the defaults, then they are the same', () => {
    const { seed, tickSeconds, anomalyRate } = GENERATOR_KEYS
    assert.deepEqual(
      {
        seed: seed.default,
        tickSeconds: Number(tickSeconds.default),
        anomalyRate: Number(anomalyRate.default),
      },
      GENERATOR_DEFAULTS,
    )
  })
})

describe('given an error', () => {
  test('when it is read, then one line names it', () => {
    goldenAnswers('generator', text => {
      const [error, ...more] = listErrors(JSON.parse(text))
      assert.deepEqual(more, [])
      return `${error}`
    })
    for (const input of [undefined, { seed: 'x'.repeat(33) }, { anomalyRate: Number.NaN }])
      assert.equal(listErrors(input).length, 1)
  })

  test('when there are several, then all are named at once, and the parameter with them', () => {
    const wrong = { seed: '', tickSeconds: 0, foo: 1, anomalyRate: 2 }
    assert.equal(listErrors(wrong).length, 4)
    assert.throws(() => generatorSettings(FAMILIES, wrong, 'parameter /sluice/prod/generator'), {
      name: 'ConfigError',
      message: /^parameter \/sluice\/prod\/generator has 4 errors:\n {2}- /,
    })
  })
})

describe('metrics of a settings file', () => {
  const families = (metrics: readonly string[], input: unknown = {}) =>
    generatorSettings(FAMILIES, input, 'f', { metrics }).fleet.map(
      sensor => `${sensor.family} ${sensor.metrics}`,
    )

  test('then only families that have one of them are simulated, with those that they have', () => {
    assert.deepEqual(
      [...new Set(families(['temperature', 'humidity', 'pressure']))],
      ['environment temperature,humidity,pressure'],
    )
    assert.deepEqual([...new Set(families(['x', 'pressure']))], ['environment pressure', 'device x'])
  })

  test('then one that no family of the project has is refused with those that can be simulated', () => {
    assert.throws(() => families(['warmth']), {
      name: 'ConfigError',
      message: /^the environment has 1 error:\n {2}- GENERATOR_METRICS: must be any of temperature, /,
    })
  })

  test('then a group with metrics of its own keeps them, and a fleet without any of them is refused', () => {
    const group = { family: 'database', metrics: ['activeConnections'] }
    assert.deepEqual(families(['temperature'], { fleet: [group] }), ['database activeConnections'])
    assert.throws(
      () => families(['temperature'], { fleet: [{ family: 'database' }] }),
      /no family in it has any of/,
    )
  })
})
