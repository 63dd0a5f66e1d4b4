import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  GENERATOR_DEFAULTS,
  readGeneratorSettings,
} from '../../../../lib/domain/telemetry/simulator/settings.ts'

describe('given settings that hold', () => {
  const cases: [name: string, input: object][] = [
    ['nothing set', {}],
    ['a seed', { seed: 'Demo42' }],
    ['the bounds of numbers', { tickSeconds: 60, anomalyRate: 0 }],
    ['a key strategy for some families', { keyStrategy: { device: 'instance', database: 'tenant' } }],
  ]
  for (const [name, input] of cases) {
    test(`when ${name} is read, then the rest is default`, () => {
      assert.deepEqual(readGeneratorSettings(input), { settings: { ...GENERATOR_DEFAULTS, ...input } })
    })
  }
})

describe('given a fault', () => {
  const cases: [input: unknown, fault: RegExp][] = [
    [undefined, /must be an object/],
    [null, /must be an object/],
    [[], /must be an object/],
    ['{}', /must be an object/],
    [{ seed: '' }, /^seed must be/],
    [{ seed: 'a-b' }, /^seed must be/],
    [{ seed: 'x'.repeat(33) }, /^seed must be/],
    [{ seed: 7 }, /^seed must be/],
    [{ tickSeconds: 0 }, /^tickSeconds must be/],
    [{ tickSeconds: 2.5 }, /^tickSeconds must be/],
    [{ tickSeconds: '5' }, /^tickSeconds must be/],
    [{ anomalyRate: 1.1 }, /^anomalyRate must be/],
    [{ anomalyRate: Number.NaN }, /^anomalyRate must be/],
    [{ anomalyRate: null }, /^anomalyRate must be/],
    [{ keyStrategy: [] }, /^keyStrategy must be an object/],
    [{ keyStrategy: { device: 'model' } }, /^keyStrategy\.device must be one of/],
    [{ keyStrategy: { weather: 'type' } }, /^keyStrategy: "weather" is not known/],
    [{ tickSecond: 5 }, /^"tickSecond" is not known; known are seed/],
    [JSON.parse('{"__proto__": 1}'), /^"__proto__" is not known/],
    [{ toString: 1 }, /^"toString" is not known/],
  ]
  for (const [input, fault] of cases) {
    test(`when ${JSON.stringify(input)} is read, then the fault is named`, () => {
      const read = readGeneratorSettings(input)
      assert.ok('faults' in read)
      assert.equal(read.faults.length, 1)
      assert.match(read.faults[0] ?? '', fault)
    })
  }

  test('when there are several, then all are named at once', () => {
    const read = readGeneratorSettings({ seed: '', tickSeconds: 0, foo: 1, keyStrategy: { device: 1, x: 2 } })
    assert.ok('faults' in read)
    assert.equal(read.faults.length, 5)
  })
})
