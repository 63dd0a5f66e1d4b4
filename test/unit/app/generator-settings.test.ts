import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { GENERATOR_KEYS, generatorSettings } from '../../../lib/app/settings/generator.ts'
import { GENERATOR_DEFAULTS } from '../../../lib/telemetry/simulator/settings.ts'
import { simulate } from '../../../lib/telemetry/simulator.ts'
import type { ConfigError } from '../../../packages/runtime/settings/config-error.ts'

function errorsOf(input: unknown): readonly string[] {
  try {
    generatorSettings(input)
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
    ['shares of faults', { faults: { spike: 0.1, stuck: 0.5 } }],
    ['a key strategy for some families', { keyStrategy: { device: 'instance', database: 'tenant' } }],
  ]
  for (const [name, input] of cases) {
    test(`when ${name} is read, then the rest is default`, () => {
      assert.deepEqual(generatorSettings(input), { ...GENERATOR_DEFAULTS, ...input })
    })
  }

  test('when a key strategy is the path of a field, then readings are keyed by that field', () => {
    const { keyStrategy } = generatorSettings({
      keyStrategy: { environment: 'location.site', database: 'data.tenant', device: 'tags.tenant' },
    })
    assert.deepEqual(keyStrategy, {
      environment: { field: 'location.site' },
      database: { field: 'tenant' },
      device: { field: 'tags.tenant' },
    })
    const keys = [...simulate({ ...GENERATOR_DEFAULTS, keyStrategy }, 0, 1)].map(({ key }) => key)
    assert.deepEqual([...new Set(keys)].sort(), [
      'bank',
      'campus',
      'clinic',
      'osaka',
      'rotterdam',
      'shop',
      'valparaiso',
    ])
  })

  test('when the documentation lists the defaults, then they are the same', () => {
    const { seed, tickSeconds, anomalyRate } = GENERATOR_KEYS
    const { keyStrategy: _, fleet: __, ...defaults } = GENERATOR_DEFAULTS
    assert.deepEqual(
      {
        seed: seed.default,
        tickSeconds: Number(tickSeconds.default),
        anomalyRate: Number(anomalyRate.default),
      },
      defaults,
    )
  })
})

describe('given an error', () => {
  const cases: [input: unknown, error: RegExp][] = [
    [undefined, /must be an object/],
    [null, /must be an object/],
    [[], /must be an object/],
    ['{}', /must be an object/],
    [{ seed: '' }, /^seed: must be/],
    [{ seed: 'a-b' }, /^seed: must be/],
    [{ seed: 'x'.repeat(33) }, /^seed: must be/],
    [{ seed: 7 }, /^seed: must be/],
    [{ tickSeconds: 0 }, /^tickSeconds: must be/],
    [{ tickSeconds: 3601 }, /^tickSeconds: must be/],
    [{ tickSeconds: 0.0015 }, /^tickSeconds: must be/],
    [{ tickSeconds: '5' }, /^tickSeconds: must be/],
    [{ anomalyRate: 1.1 }, /^anomalyRate: must be/],
    [{ anomalyRate: Number.NaN }, /^anomalyRate: must be/],
    [{ anomalyRate: null }, /^anomalyRate: must be/],
    [{ faults: { late: 2 } }, /^faults\.late: must be a number from 0 to 1/],
    [{ faults: { storm: 1 } }, /^faults: "storm" is not known; known are spike/],
    [{ fleet: {} }, /^fleet: must be a list of groups/],
    [{ fleet: [] }, /^fleet: the fleet has no sensors/],
    [{ fleet: [{ family: 'device', metrics: ['w'] }] }, /^fleet\.0: device has no metric "w": use x, y, z/],
    [{ fleet: [{ family: 'device', ids: ['a', 'a'] }] }, /^fleet: two sensors have the id "a"/],
    [{ fleet: [{ family: 'device', ids: ['a'], sensors: 2 }] }, /^fleet: a group has 1 ids for 2 sensors/],
    [
      { fleet: [{ family: 'device', sensors: 300 }], tickSeconds: 0.1 },
      /3000 readings per second\. The maximum is 1000: use at most 100 sensors, or an interval of 0\.3 s or more$/,
    ],
    [{ keyStrategy: [] }, /^keyStrategy: must be an object/],
    [
      { keyStrategy: { device: 'location.site' } },
      /^keyStrategy\.device: must be one of .*, or a field: .*model/,
    ],
    [{ keyStrategy: { device: 7 } }, /^keyStrategy\.device: must be one of/],
    [{ keyStrategy: { weather: 'type' } }, /^keyStrategy: "weather" is not known; known are environment,/],
    [{ tickSecond: 5 }, /^"tickSecond" is not known; known are seed/],
    [{ tick: 5, rate: 1 }, /^"tick", "rate" are not known; known are seed/],
    [JSON.parse('{"__proto__": 1}'), /^"__proto__" is not known/],
    [{ toString: 1 }, /^"toString" is not known/],
  ]
  for (const [input, error] of cases) {
    test(`when ${JSON.stringify(input)} is read, then one line names it`, () => {
      const errors = errorsOf(input)
      assert.equal(errors.length, 1, errors.join('\n'))
      assert.match(errors[0] ?? '', error)
    })
  }

  test('when there are several, then all are named at once, and the parameter with them', () => {
    const wrong = { seed: '', tickSeconds: 0, foo: 1, keyStrategy: { device: 1, x: 2 } }
    assert.equal(errorsOf(wrong).length, 5)
    assert.throws(() => generatorSettings(wrong, 'parameter /sluice/prod/generator'), {
      name: 'ConfigError',
      message: /^parameter \/sluice\/prod\/generator has 5 errors:\n {2}- /,
    })
  })
})
