import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import generatorSchema from '#schemas/generator.v1.json' with { type: 'json' }
import { createDefaultFleet } from '../../../../lib/telemetry/simulator/fleet.ts'
import { readGenerator } from '../../../../lib/telemetry/simulator/parse-settings.ts'
import { GENERATOR_DEFAULTS } from '../../../../lib/telemetry/simulator/settings.ts'
import { FAMILIES } from '../../../support/families.ts'
import { goldenAnswers, listErrorLines } from '../../../support/golden.ts'

const read = (text: string) => readGenerator(FAMILIES, { file: 'f', text })

describe('given settings that hold', () => {
  for (const [name, input] of [
    ['nothing set', {}],
    ['a seed', { seed: 'Demo42' }],
    ['the bounds of numbers', { tickSeconds: 3600, anomalyRate: 0 }],
    ['a fraction of a second', { tickSeconds: 0.1 }],
  ] as const)
    test(`when ${name} is read, then the rest is default`, () => {
      const expected = { ...GENERATOR_DEFAULTS, fleet: createDefaultFleet(FAMILIES), ...input }
      assert.deepEqual(read(JSON.stringify(input, undefined, '\t')), expected)
    })

  test('when there is no document, then all settings have their defaults', () => {
    assert.deepEqual(read(''), { ...GENERATOR_DEFAULTS, fleet: createDefaultFleet(FAMILIES) })
  })

  test('when the documentation lists the defaults, then they are the same', () => {
    const { properties } = generatorSchema
    for (const [key, value] of Object.entries(GENERATOR_DEFAULTS))
      assert.ok(properties[key as keyof typeof properties].description.endsWith(` Default: ${value}.`), key)
  })
})

test('given an error, when the settings are read, then one line names its place', () =>
  goldenAnswers('generator', text => listErrorLines(() => read(text))))

describe('metrics of a settings file', () => {
  const families = (metrics: readonly string[], input: unknown = {}) =>
    readGenerator(FAMILIES, { file: 'f', text: JSON.stringify(input) }, { metrics }).fleet.map(
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
