import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { isOffset, rfc3339 } from '../../../cli/import/instant.ts'
import { conversion, unitsFor } from '../../../cli/import/units.ts'
import { isTimestamp } from '../../../lib/cloudevents/attributes.ts'
import { FAMILIES } from '../../../lib/domain/telemetry/families.ts'

describe('units', () => {
  const table: [value: number, from: string, result: number, to: string][] = [
    [212, '°F', 100, '°C'],
    [-40, 'fahrenheit', -40, '°C'],
    [0, 'K', -273.15, '°C'],
    [21, '℃', 21, '°C'],
    [0.25, 'ratio', 25, '%'],
    [101325, 'Pa', 1013.25, 'hPa'],
    [29.92126, 'inHg', 1013.25, 'hPa'],
    [760, 'mmHg', 1013.25, 'hPa'],
    [1013.25, 'mbar', 1013.25, 'hPa'],
    [10, 'm/s', 36, 'km/h'],
    [100, 'MPH', 160.9344, 'km/h'],
    [10, 'kn', 18.52, 'km/h'],
    [1, 'g', 9.80665, 'm/s²'],
    [1, 'm/s2', 1, 'm/s²'],
    [1000, 'mg', 9.80665, 'm/s²'],
    [1.5, 's', 1500, 'ms'],
    [250, 'µs', 0.25, 'ms'],
    [250, 'μs', 0.25, 'ms'],
    [2, 'min', 120, 's'],
    [7, 'count', 7, '1'],
  ]
  for (const [value, from, result, to] of table)
    test(`${value} ${from} are ${result} ${to}`, () => {
      const converted = conversion(to, from)?.(value) ?? Number.NaN
      assert.ok(Math.abs(converted - result) < 1e-3, String(converted))
    })

  test('every unit of a family can be imported as it is, and is listed', () => {
    const units = new Set(Object.values(FAMILIES).flatMap(({ metrics }) => Object.values(metrics)))
    assert.ok(units.size > 0)
    for (const unit of units) {
      assert.equal(conversion(unit, unit)?.(42), 42, unit)
      assert.ok(unitsFor(unit).startsWith(unit))
    }
  })

  test('what does not fit is refused', () => {
    assert.equal(conversion('°C', 'hPa'), undefined)
    assert.equal(conversion('s', 'm'), undefined)
  })
})

describe('instants', () => {
  const table: [text: string, offset: string, result: string | undefined][] = [
    ['2026-07-04 00:00:00', '+00:00', '2026-07-04T00:00:00Z'],
    ['2026-07-04 00:00:00', '-05:30', '2026-07-04T00:00:00-05:30'],
    ['2026-07-04T12:30', '+02:00', '2026-07-04T12:30:00+02:00'],
    ['2026-07-04', '+02:00', '2026-07-04T00:00:00+02:00'],
    ['2026-07-04 12:30:15.123456', '+00:00', '2026-07-04T12:30:15.123456Z'],
    ['2026-07-04T12:30:15Z', '+02:00', '2026-07-04T12:30:15Z'],
    ['2026-07-04T12:30:15+0530', '+02:00', '2026-07-04T12:30:15+05:30'],
    ['2026-07-04 12:30:15 -08:00', '+02:00', '2026-07-04T12:30:15-08:00'],
    [' 2026-07-04 ', '+00:00', '2026-07-04T00:00:00Z'],
    ['04.07.2026 12:30', '+00:00', undefined],
    ['1783166400', '+00:00', undefined],
    ['2026-07-04 1:30', '+00:00', undefined],
    ['', '+00:00', undefined],
  ]
  for (const [text, offset, result] of table)
    test(`"${text}" at ${offset}`, () => assert.equal(rfc3339(text, offset), result))

  test('a real instant, written without its zone, comes back as itself', () => {
    const anyOffset = fc.integer({ min: -14 * 60, max: 14 * 60 })
    const between = { noInvalidDate: true, min: new Date('1900-01-02'), max: new Date('2200-01-01') }
    fc.assert(
      fc.property(fc.date(between), anyOffset, fc.constantFrom(' ', 'T'), (date, minutes, separator) => {
        const two = (number: number) => String(number).padStart(2, '0')
        const size = Math.abs(minutes)
        const offset = `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`
        assert.ok(isOffset(offset))
        const local = new Date(date.getTime() + minutes * 60_000)
          .toISOString()
          .slice(0, -1)
          .replace('T', separator)
        const time = rfc3339(local, offset) ?? ''
        assert.ok(isTimestamp(time), time)
        assert.equal(Date.parse(time), date.getTime())
      }),
    )
  })

  test('offsets', () => {
    for (const good of ['+00:00', '-12:00', '+05:45']) assert.ok(isOffset(good), good)
    for (const bad of ['Z', '5', '+5:00', '+24:00', '+00:60', '']) assert.ok(!isOffset(bad), bad)
  })
})
