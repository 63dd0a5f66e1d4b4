import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { anomaly } from '../../../lib/alerting/kinds/anomaly.ts'
import { type Compared, renderSummary } from '../../../lib/alerting/summary.ts'
import { createRule } from './support.ts'

const ENTITY = { source: '/environment/oslo', subject: 'sensor-1' }
const OF_CONNECTIONS = { family: 'database', metric: 'activeConnections' }

describe('the summary of an alert', () => {
  const cases: [string, Readonly<Record<string, unknown>>, Compared, string][] = [
    [
      'a value next to its threshold',
      { fireAbove: 30 },
      { value: 30.00001, threshold: 30 },
      'sensor-1: temperature is 30.00001 °C, above 30 °C',
    ],
    [
      'a threshold with many digits',
      { fireBelow: 29.9999999 },
      { value: 29.9999998, threshold: 29.9999999 },
      'sensor-1: temperature is 29.9999998 °C, below 29.9999999 °C',
    ],
    [
      'a count',
      { ...OF_CONNECTIONS, fireAbove: 1_234_565 },
      { value: 1_234_567, threshold: 1_234_565 },
      'sensor-1: activeConnections is 1234567, above 1234565',
    ],
    [
      'a value far from its threshold',
      { fireAbove: 30 },
      { value: 41.23456789, threshold: 30 },
      'sensor-1: temperature is 41.2346 °C, above 30 °C',
    ],
    [
      'a value next to what is usual',
      { anomaly: {} },
      {
        value: 21.0000001,
        words: { expected: 20, expectedLow: 19, expectedHigh: 21, score: 0.5, why: 'spike' },
      },
      'sensor-1: temperature is 21.0000001 °C, expected 19 °C to 21 °C (spike)',
    ],
  ]
  for (const [name, keys, compared, expected] of cases)
    it(`given ${name}, then its numbers do not contradict the rule`, () => {
      assert.equal(renderSummary(createRule(keys), compared, ENTITY), expected)
    })

  it('given a value next to a bound that is learned, then the bound stays on its side', () => {
    const { condition } = createRule({ anomaly: { learnFor: 0 } })
    assert.ok(condition.kind === 'anomaly' && anomaly.memory)
    let state: object | undefined
    for (let index = 0; index < 300; index += 1)
      state = anomaly.memory.compare(condition, state, index * 300_000, 20 + Math.sin(index) / 1e6)?.state
    const value = 20.0001
    const { words } = anomaly.memory.compare(condition, state, 300 * 300_000, value)
    assert.ok((words?.expectedHigh ?? value) < value, JSON.stringify(words))
    assert.ok((words?.expected ?? value) < value)
  })
})
