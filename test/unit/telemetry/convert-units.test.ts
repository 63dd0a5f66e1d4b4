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
    ['of counts and ratios, which are one', 'database', { activeConnections: 3, cpuUsagePercent: 0.5, unit: 'C62' }, { activeConnections: 3, cpuUsagePercent: 50 }],
    ['in a code', 'environment', { temperature: 50, humidity: 40, unit: 'FAH' }, { temperature: 10, humidity: 40 }],
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
    for (const unit of ['fahrenheit', 'F', 'FAH'])
      assert.deepEqual(from('environment', { temperature: 50, unit }), {
        kind: 'data',
        data: { temperature: 10 },
        from: '°F',
      })
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

  // Promise docs/readings.md#units
  test('that fits none of the metrics, then the reading is refused, with the nearest units that do', () => {
    const listed = 'Use °C, °F, K'
    // biome-ignore format: a table
    for (const [family, data, message] of [
      ['environment', { temperature: 21, unit: 'hPa' }, `hPa (hectopascal), but the reading has temperature (°C). ${listed}`],
      ['environment', { humidity: 21, unit: 'FAH' }, 'FAH (fahrenheit), but the reading has humidity (%). Use %, ratio'],
      ['environment', { temperature: 21, unit: 'FHR' }, `FHR (unknown), but the reading has temperature (°C). ${listed}`],
      ['environment', { temperature: 21, humidity: 4, unit: 'celcius' }, 'celcius (unknown), but the reading has temperature (°C), humidity (%). Did you mean celsius?'],
      ['environment', { pressure: 1013, unit: 'F' }, 'F (°F or farad), but the reading has pressure (hPa). Use hPa, Pa, kPa, MPa, bar, inHg, mmHg, atm, psi'],
      ['environment', { pressure: 1013, unit: 'MB' }, 'MB (megabyte), but the reading has pressure (hPa). Did you mean mb?'],
      ['environment', { windSpeed: 3, unit: 'kN' }, 'kN (kilonewton), but the reading has windSpeed (km/h). Did you mean kn?'],
      ['database', { activeConnections: 3, cpuUsagePercent: 2, unit: 'ms' }, 'ms (millisecond), but the reading has cpuUsagePercent (%), activeConnections (a count). Use %, ratio, 1'],
      ['database', { queryLatencyMs: 3, unit: 'MS' }, 'MS (ms or megasecond or mS), but the reading has queryLatencyMs (ms). Did you mean ms?'],
    ] as const)
      assert.equal(converted(family, data), `unit-mismatch: "unit" is ${message}`)
  })

  test('that does not look like one, then the reading is refused, and the message does not repeat it', () => {
    for (const unit of [
      'p@ss',
      ' ',
      '__proto__',
      '1e9',
      'correct-horse-battery',
      'a\nb',
      'deg\u0007C',
      `deg${' '.repeat(50)}hPa`,
    ])
      assert.equal(
        converted('environment', { temperature: 21, humidity: 4, unit }),
        'unit-mismatch: "unit" is not a known unit, but the reading has temperature (°C), humidity (%). Use °C, °F, K, %, ratio',
      )
  })

  test('beside metrics that are converted already, then it applies to the others alone', () => {
    const inMixed = (data: object) => inOwnUnits(FAMILIES.get('database'), data, new Set(['queryLatencyMs']))
    assert.deepEqual(inMixed({ queryLatencyMs: 7, replicationLagSeconds: 500, unit: 'ms' }), {
      kind: 'data',
      data: { queryLatencyMs: 7, replicationLagSeconds: 0.5 },
      from: 'ms',
    })
    assert.deepEqual(inMixed({ queryLatencyMs: 7, unit: '%' }), { kind: 'data', data: { queryLatencyMs: 7 } })
    assert.equal(inMixed({ queryLatencyMs: 7, activeConnections: 2, unit: '%' }).kind, 'failure')
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
