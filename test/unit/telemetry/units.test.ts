import '../../support/shipped-config.ts'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  describeName,
  describeUnfit,
  describeWrong,
  findConversion,
  UNIT_NAMES,
  unitNamed,
  unitsFor,
  unitsNamed,
} from '../../../lib/telemetry/unit-table.ts'
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
    [1, 'GHz', 1e9, 'Hz'],
    [1, 'MPa', 10_000, 'hPa'],
    [2, 'Mbit/s', 0.25, 'MB/s'],
    [1, 'MiB', 1.048576, 'MB'],
    [1, 'megavolt', 1e6, 'V'],
    [5, 'pA', 0.000005, 'µA'],
    [3, 'mS/m', 30, 'µS/cm'],
    // A name of several units is that of the metric's dimension.
    [1, 'F', -17.22222222, '°C'],
    [1, 'F', 1, 'farad'],
    [1, 'g', 9.80665, 'm/s²'],
    [1, 'g', 0.001, 'kg'],
    [1, 'G', 9.80665, 'm/s²'],
    [1, 'S', 1000, 'ms'],
    [1, 'S', 1000, 'mS'],
    [1, 'H', 60, 'min'],
    [30, 'FPS', 30, '1/s'],
    [0.4, 'C62', 40, '%'],
    [4, 'C62', 4, '1'],
    // Codes of UN/CEFACT, SenML and UCUM.
    [20, 'CEL', 68, '°F'],
    [68, 'FAH', 20, '°C'],
    [1013, 'A97', 1013, 'hPa'],
    [10, 'MTS', 36, 'km/h'],
    [41, 'P1', 41, '%'],
    [41, '%RH', 41, '%'],
    [0.41, '/', 41, '%'],
    [20, 'Cel', 20, '°C'],
    [68, '[degF]', 20, '°C'],
    [30, "[in_i'Hg]", 1015.9167, 'hPa'],
    [10, '[kn_i]', 18.52, 'km/h'],
    [7, 'MBy', 7000, 'kB'],
    [1.2, 'C27', 1200, 'µS'],
    [1, 'kW.h', 1000, 'Wh'],
    [90, '1/min', 1.5, 'Hz'],
    [1, 'MHZ', 1e6, 'Hz'],
    [1, 'MPA', 10_000, 'hPa'],
    [1, 'MWH', 1000, 'kWh'],
    [760, 'UA', 1013.25, 'hPa'],
    [5, 'kW·h', 5, 'kWh'],
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
    '°C': ['Celsius', 'CELSIUS', '°c', 'degC', 'deg C', 'º C', '˚C', 'Degrees Celsius', ' °C '],
    '°F': ['FAHRENHEIT', 'degF', '℉'],
    K: ['kelvin', 'K'],
    hPa: ['hpa', 'HPA', 'mbar', 'millibar'],
    'm/s': ['m s-1', 'm·s⁻¹', 'mps', 'metres per second'],
    'm/s²': ['m/s2', 'm/s^2', 'm s⁻²'],
    kn: ['kt', 'Knots'],
    ms: ['milliseconds', 'msec'],
    kB: ['KB', 'kilobyte'],
    MB: ['Megabytes', '㎆'],
    MHz: ['megahertz'],
    mHz: ['millihertz'],
    MW: ['MEGAWATT'],
    mW: ['milliwatts'],
    mS: ['millisiemens'],
    'km/h': ['KPH', 'kmh', 'KMH'],
    psi: ['PSI', 'Psi'],
    kWh: ['KWH', 'kW h', 'kW·h', 'kilowatt hours'],
    mmHg: ['mm Hg', 'MM HG'],
    'L/min': ['L / min', 'litres_per_minute'],
    kg: ['KG'],
  }
  for (const [unit, others] of Object.entries(names))
    for (const name of [unit, ...others]) assert.equal(unitNamed(name), unit, name)
  const none = ['', ' ', '°', 'x', 'constructor', '__proto__', 'q']
  for (const name of [...none, 'N·s', 'N s', 'C·m', 'C_m', 'm⋅s', 'V·A'])
    assert.equal(unitNamed(name), undefined, name)
})

test('a name of several units is the question which one is meant', () => {
  // biome-ignore format: a table
  for (const [name, ...units] of [
    ['F', '°F', 'farad'], ['C', '°C', 'coulomb'], ['S', 's', 'siemens'], ['H', 'h', 'henry'], ['G', 'g0', 'gauss'],
    ['g', 'g0', 'gram'], ['c', '°C', 'coulomb'], ['fps', 'ft/s', '1/s'], ['C62', 'ratio', '1'], ['kb', 'kB', 'kbit'],
    ['mhz', 'MHz', 'mHz'], ['MV', 'mV', 'megavolt'], ['ma', 'mA', 'megaampere'], ['KN', 'kn', 'kN'], ['mpa', 'MPa', 'mPa'],
  ] as const) {
    assert.deepEqual(unitsNamed(name), units, name)
    assert.equal(unitNamed(name), undefined, name)
    assert.equal(describeWrong(name), `${name} can be ${units.join(' or ')}: write one of these`)
    for (const unit of units) assert.deepEqual([unitNamed(unit), describeWrong(unit)], [unit, undefined])
  }
})

test('the message about a unit says what it is, and the nearest that fits', () => {
  for (const [to, typed, message] of [
    ['hPa', 'MB', 'MB (megabyte) cannot be converted to hPa. Did you mean mb?'],
    ['km/h', 'kN', 'kN (kilonewton) cannot be converted to km/h. Did you mean kn?'],
    ['V', 'MV', 'MV (mV or megavolt) cannot be converted to V. Did you mean mV?'],
    ['ms', 'MS', 'MS (ms or megasecond or mS) cannot be converted to ms. Did you mean ms?'],
    ['%', 'F', 'F (°F or farad) cannot be converted to %. Use %, ratio'],
    ['°C', 'celsuis', 'celsuis (unknown) cannot be converted to °C. Did you mean celsius?'],
  ] as const)
    assert.equal(describeUnfit(to, typed), message)
  assert.match(String(describeWrong('megabtye')), /^unknown unit megabtye[.] Did you mean megabyte, /)
  assert.deepEqual(
    UNIT_NAMES.map(describeName).filter(text => text.includes('unknown')),
    [],
  )
})

describe('no unit is taken for another one', () => {
  const PREFIXES = {
    '': 1,
    p: 1e-12,
    n: 1e-9,
    µ: 1e-6,
    m: 1e-3,
    c: 1e-2,
    d: 0.1,
    h: 100,
    k: 1e3,
    M: 1e6,
    G: 1e9,
    T: 1e12,
    P: 1e15,
  }
  /** Symbols of the SI, and those that are used with its prefixes, with the unit that they are. */
  // biome-ignore format: a table
  const SYMBOLS: readonly (readonly [symbol: string, unit: string, prefixes?: readonly string[]])[] = [
    ['V', 'V'], ['A', 'A'], ['W', 'W'], ['Wh', 'Wh'], ['W.h', 'Wh'], ['sec', 's'], ['Hz', 'Hz'], ['S', 'siemens'], ['s', 's'], ['Pa', 'Pa'], ['bar', 'bar'], ['m', 'm'],
    ['g', 'gram'], ['L', 'L'], ['l', 'L'], ['N', 'N'], ['F', 'farad'], ['C', 'coulomb'], ['H', 'henry'], ['S/cm', 'S/cm'], ['S/m', 'S/m'], ['m/h', 'm/h', ['m', 'M']],
    ['B', 'B', ['', 'k', 'M', 'G', 'T']], ['bit', 'bit', ['', 'k', 'M', 'G', 'T']], ['b', 'bit', ['', 'k', 'M', 'G', 'T']],
    ['bit/s', 'bit/s', ['', 'k', 'M', 'G', 'T']], ['B/s', 'B/s', ['', 'k', 'M', 'G', 'T']],
  ]
  const OWN = [
    ...new Set([...UNIT_NAMES.flatMap(name => unitNamed(name) ?? []), ...SYMBOLS.map(([, unit]) => unit)]),
  ]
  /** Names that people write for two units, and codes of UN/CEFACT. */
  const SHARED = [
    'pH',
    'ph',
    'PH',
    'Ph',
    'G',
    'Gs',
    'g',
    'mg',
    'S',
    'H',
    'F',
    'f',
    'C',
    'c',
    'b',
    'kb',
    'KB',
    'KB/s',
    ...['MPA', 'MHZ', 'MWH', 'NA', 'UA'],
  ]
  const spellings = SYMBOLS.flatMap(([symbol, unit, prefixes = Object.keys(PREFIXES)]) =>
    prefixes.map(prefix => ({
      text: prefix + symbol,
      unit,
      factor: PREFIXES[prefix as keyof typeof PREFIXES],
    })),
  )
  const variants = (text: string) => [
    ...[text, text.toLowerCase(), text.toUpperCase(), text.charAt(0).toUpperCase() + text.slice(1)],
    ...[text.charAt(0).toLowerCase() + text.slice(1), text.charAt(0) + text.slice(1).toUpperCase()],
  ]
  const fold = (text: string) => text.normalize('NFKC').toLowerCase()
  const isClose = (a: number, b: number) => Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b))

  // Promise docs/readings.md#units | Values in other units are converted, units that do not fit are refused, and none is taken for another one.
  test('with a prefix or in another case, then a symbol is converted as what it is, or not at all', () => {
    let converted = 0
    for (const text of new Set(spellings.flatMap(({ text }) => variants(text)))) {
      const exact = spellings.filter(spelling => spelling.text === text)
      // A name such as mb and kn is no symbol with a prefix.
      if (SHARED.includes(text) || (exact.length === 0 && UNIT_NAMES.includes(text))) continue
      const possible =
        exact.length > 0 ? exact : spellings.filter(spelling => fold(spelling.text) === fold(text))
      for (const own of OWN) {
        const convert = findConversion(own, text)
        if (convert === undefined) continue
        converted += 1
        const [from, first] = [convert(1) - convert(0), possible[0]]
        const factors = possible.map(
          ({ unit, factor }) => (findConversion(own, unit)?.(1) ?? Number.NaN) * factor,
        )
        assert.ok(
          first && factors.every(factor => isClose(factor, from)),
          `${text} is ${from} ${own}: ${factors}`,
        )
      }
    }
    assert.ok(converted > 500, String(converted))
  })

  test('when a prefix stands before any name of the table, then it is not lost', () => {
    for (const name of UNIT_NAMES)
      for (const [prefix, factor] of Object.entries(PREFIXES).slice(1)) {
        const value = findConversion(unitNamed(name) ?? name, prefix + name)?.(1)
        // There are no parts of a byte, so that m is M.
        const isName = UNIT_NAMES.includes(prefix + name) || (prefix === 'm' && value === 1e6)
        assert.ok(
          value === undefined || isName || isClose(value, factor),
          `${prefix}${name} is ${value} ${name}`,
        )
      }
  })

  test('when a name is written in another case, then it is the same unit, or one whose name that is', () => {
    for (const name of UNIT_NAMES)
      for (const text of variants(name)) {
        const [unit, ...others] = unitsNamed(text)
        assert.ok(unit !== undefined, text)
        const isOwn = others.length > 0 || unitsNamed(name).includes(unit)
        const isName =
          [...UNIT_NAMES, ...SHARED].includes(text) || spellings.some(spelling => spelling.text === text)
        assert.ok(isOwn || isName, `${text} is ${unit}, and ${name} is not`)
      }
  })
})

test('a unit of another dimension is refused', () => {
  for (const from of ['NA', 'UA']) assert.equal(findConversion('A', from), undefined, from)
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

test('the units of a dimension are listed, from its own on, without those that hardly anything is measured in', () => {
  assert.equal(unitsFor('°C'), '°C, °F, K')
  assert.equal(unitsFor('ratio'), 'ratio, %')
  assert.equal(unitsFor('A'), 'A, mA')
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
    const listed = unitsFor(unit).split(', ').slice(1)
    assert.deepEqual(others === '' ? [] : others.split(', '), listed, metric)
  }
})
