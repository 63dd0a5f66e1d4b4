import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { inOwnUnits } from '../../../lib/telemetry/convert-units.ts'
import { FAMILIES } from '../../support/families.ts'

function converted(family: string, data: unknown): unknown {
  const result = inOwnUnits(FAMILIES.get(family), data)
  return result.kind === 'failure' ? `${result.code}: ${result.message}` : result.data
}

describe('given a unit', () => {
  // biome-ignore format: a table
  const table: [name: string, family: string, data: object, expected: object][] = [
    ['of one metric', 'environment', { temperature: 50, unit: 'F' }, { temperature: 10 }],
    ['of one of several metrics, then the others stay', 'environment', { temperature: 21, pressure: 760, humidity: 40, windSpeed: 3, unit: 'mmHg' }, { temperature: 21, pressure: 1013.25, humidity: 40, windSpeed: 3 }],
    ['of two metrics, then it applies to both', 'database', { queryLatencyMs: 0.25, replicationLagSeconds: 7, cpuUsagePercent: 80, unit: 's' }, { queryLatencyMs: 250, replicationLagSeconds: 7, cpuUsagePercent: 80 }],
    ['of two metrics that are kept in another one', 'database', { cpuUsagePercent: 0.5, memoryUsagePercent: 0.25, activeConnections: 3, unit: 'ratio' }, { cpuUsagePercent: 50, memoryUsagePercent: 25, activeConnections: 3 }],
    ['of counts', 'database', { activeConnections: 3, unit: 'count' }, { activeConnections: 3 }],
    ['of all axes', 'device', { x: 0, y: 1, z: -1, unit: 'g' }, { x: 0, y: 9.80665, z: -9.80665 }],
    ['that is the metric’s own', 'environment', { humidity: 41.123, unit: '%' }, { humidity: 41.123 }],
  ]
  for (const [name, family, data, expected] of table)
    test(`${name}, then they have the family's unit, and no \`unit\``, () => {
      const identity = { sensorId: 's', tags: { unit: 'stays' } }
      assert.deepEqual(converted(family, { ...identity, ...data }), { ...identity, ...expected })
    })

  test('by any of its names, then the unit from which the reading was converted is named as in the table', () => {
    const from = (family: string, data: object) => inOwnUnits(FAMILIES.get(family), data)
    const fahrenheit = from('environment', { temperature: 50, unit: 'fahrenheit' })
    assert.deepEqual(fahrenheit, { kind: 'data', data: { temperature: 10 }, from: '°F' })
    assert.deepEqual(from('environment', { temperature: 50 }), { kind: 'data', data: { temperature: 50 } })
  })

  test('of a reading without metrics, or with a value that is not a number, then its schema says what is wrong', () => {
    // biome-ignore format: a table
    for (const [data, expected] of [
      [{ sensorId: 's', unit: 'F' }, { sensorId: 's', unit: 'F' }],
      [{ temperature: 'hot', unit: 'F' }, { temperature: 'hot' }],
      [{ temperature: 50, unit: '' }, { temperature: 50, unit: '' }],
      [{ temperature: 50, unit: 7 }, { temperature: 50, unit: 7 }],
      [null, null],
      [[1], [1]],
    ] as const)
      assert.deepEqual(converted('environment', data), expected)
    const bytes = Object.assign(Buffer.from('x'), { temperature: 50, unit: 'F' })
    assert.equal(converted('environment', bytes), bytes)
  })

  test('that fits none of the metrics, then the reading is refused', () => {
    assert.equal(
      converted('environment', { temperature: 21, unit: 'hPa' }),
      'unit-mismatch: "unit" is hPa, but the reading has temperature (°C)',
    )
    assert.equal(
      converted('database', { activeConnections: 3, cpuUsagePercent: 2, unit: 'ms' }),
      'unit-mismatch: "unit" is ms, but the reading has cpuUsagePercent (%), activeConnections (a count)',
    )
  })

  test('that is unknown, then the reading is refused, and the message does not repeat it', () => {
    for (const unit of ['p@ss', ' ', '__proto__', '1e9'])
      assert.equal(
        converted('environment', { temperature: 21, humidity: 4, unit }),
        'unit-mismatch: "unit" is not a known unit, but the reading has temperature (°C), humidity (%)',
      )
  })
})

test('given a reading without a unit, or another event, then it is unchanged', () => {
  const cases: unknown[] = [
    { temperature: 21 },
    { temperature: 21, unit: '' },
    { temperature: 21, unit: 7 },
    { temperature: 21, unit: null },
    { unit: 'F' },
    undefined,
    null,
    [],
    'text',
    Buffer.from('bytes'),
  ]
  for (const data of cases) assert.equal(converted('environment', data), data)
})

test('given a metric that is not a number, then it is left to the schema', () => {
  assert.deepEqual(converted('environment', { temperature: '21', unit: 'F' }), { temperature: '21' })
})
