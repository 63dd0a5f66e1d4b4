import '../../support/shipped-config.ts'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { findConversion, UNIT_NAMES, unitNamed, unitsFor } from '../../../lib/telemetry/unit-table.ts'
import { FAMILIES } from '../../support/families.ts'

const OWN_UNITS = [...new Set(FAMILIES.all.flatMap(({ metrics }) => Object.values(metrics)))]

describe('a value is converted, without the noise of floating-point arithmetic', () => {
  const table: [value: number, from: string, result: number, to: string][] = [
    [212, '°F', 100, '°C'],
    [104, '°F', 40, '°C'],
    [-40, 'fahrenheit', -40, '°C'],
    [0, 'K', -273.15, '°C'],
    [313.15, 'K', 40, '°C'],
    [273.16, 'kelvin', 0.01, '°C'],
    [21, '℃', 21, '°C'],
    [0.07, 'ratio', 7, '%'],
    [101325, 'Pa', 1013.25, 'hPa'],
    [29.92126, 'inHg', 1013.2502573, 'hPa'],
    [760, 'mmHg', 1013.25, 'hPa'],
    [1013.25, 'mbar', 1013.25, 'hPa'],
    [14.6959487755, 'psi', 1013.25, 'hPa'],
    [10, 'm/s', 36, 'km/h'],
    [100, 'MPH', 160.9344, 'km/h'],
    [10, 'kn', 18.52, 'km/h'],
    [1, 'g', 9.80665, 'm/s²'],
    [1, 'm/s2', 1, 'm/s²'],
    [1000, 'mg', 9.80665, 'm/s²'],
    [1.5, 's', 1500, 'ms'],
    [2, 'min', 120_000, 'ms'],
    [250, 'µs', 0.25, 'ms'],
    [250, 'μs', 0.25, 'ms'],
    [2, 'min', 120, 's'],
    [250, 'ms', 0.25, 's'],
    [7, 'count', 7, '1'],
  ]
  for (const [value, from, result, to] of table)
    test(`${value} ${from} is ${result} ${to}`, () => {
      const converted = findConversion(to, from)?.(value) ?? Number.NaN
      assert.equal(Number(converted.toFixed(8)), result, String(converted))
    })

  test('exactly as it is, where it is in the unit already', () => {
    fc.assert(
      fc.property(fc.constantFrom(...OWN_UNITS), fc.double({ noNaN: true }), (unit, value) => {
        assert.equal(findConversion(unit, unit)?.(value), value)
      }),
    )
  })
})

test('a unit is known by the names that people write', () => {
  const names: Record<string, readonly string[]> = {
    '°C': ['C', 'c', 'Celsius', 'degC', 'deg C', 'º C', '˚C', 'Degrees Celsius', ' °C '],
    '°F': ['F', 'FAHRENHEIT', 'degF', '℉'],
    K: ['kelvin', 'K'],
    hPa: ['hpa', 'HPA', 'mbar', 'millibar'],
    'm/s': ['m s-1', 'm·s⁻¹', 'mps', 'metres per second'],
    'm/s²': ['m/s2', 'm/s^2', 'm s⁻²'],
    kn: ['kt', 'Knots'],
    ms: ['milliseconds', 'msec'],
  }
  for (const [unit, others] of Object.entries(names))
    for (const name of [unit, ...others]) assert.equal(unitNamed(name), unit, name)
  for (const name of ['', ' ', '°', 'x', 'constructor', '__proto__', 'q'])
    assert.equal(unitNamed(name), undefined, name)
})

test('a unit of another dimension is refused', () => {
  assert.equal(findConversion('°C', 'hPa'), undefined)
  assert.equal(findConversion('s', 'm'), undefined)
  assert.equal(findConversion('%', '1'), undefined)
})

test('a value comes back from any unit of its dimension, and takes the same way over a third', () => {
  const units = [...new Set(UNIT_NAMES.map(name => unitNamed(name) ?? ''))]
  let compared = 0
  for (const a of units)
    for (const b of units)
      for (const c of units) {
        const [ab, bc, ac] = [findConversion(b, a), findConversion(c, b), findConversion(c, a)]
        if (!ab || !bc || !ac) continue
        const [over, direct] = [bc(ab(123.456)), ac(123.456)]
        assert.ok(
          Math.abs(over - direct) <= 1e-9 * (1 + Math.abs(ab(123.456)) + Math.abs(direct)),
          `${a} ${b} ${c}`,
        )
        compared += a === b ? 0 : 1
      }
  assert.ok(compared > 50)
  assert.deepEqual([findConversion('K', '°F')?.(212), findConversion('°F', 'K')?.(373.15)], [373.15, 212])
  assert.equal(findConversion('psi', 'inHg')?.(1)?.toFixed(6), '0.491154')
})

test('the units of a dimension are listed with two more names each, from its own on', () => {
  assert.equal(unitsFor('°C'), '°C (C, celsius, …), °F (F, fahrenheit, …), K (kelvin, kelvins, …)')
  assert.equal(unitsFor('ratio'), 'ratio (fraction), % (percent, pct, …)')
  assert.equal(unitsFor('1'), '1 (count, connections)')
  assert.equal(unitsFor('unknown'), '')
})

test('a unit that a metric is kept in is the first of those that are listed for it', () => {
  assert.ok(OWN_UNITS.length > 0)
  for (const unit of OWN_UNITS) assert.ok(unitsFor(unit).startsWith(unit), unitsFor(unit))
})

test('the page on readings lists the units of each metric, and no others', () => {
  const page = readFileSync(new URL('../../../docs/readings.md', import.meta.url), 'utf8')
  const [, units = ''] = /^## Units$(.*?)^## /ms.exec(page) ?? []
  const families = [...units.matchAll(/^- `(\w+)`: (`.*)$/gm)]
  const rows = families.flatMap(([, family, metrics = '']) =>
    metrics.split('; ').map(text => {
      const [, metric, own = '', others = ''] = /^`(\w+)` ([^,]+)(?:, or (.+))?$/.exec(text) ?? []
      return { family, metric, unit: own === 'connections' ? '1' : own, others }
    }),
  )
  const expected = FAMILIES.all.flatMap(({ name, metrics }) =>
    Object.entries(metrics).map(([metric, unit]) => [name, metric, unit]),
  )
  assert.deepEqual(
    rows.map(({ family, metric, unit }) => [family, metric, unit]),
    expected,
  )
  for (const { metric, unit, others } of rows) {
    const listed = unitsFor(unit)
      .replaceAll(/ \([^)]*\)/g, '')
      .split(', ')
      .slice(1)
    assert.deepEqual(others === '' ? [] : others.split(', '), listed, metric)
  }
})
