/** The units that a recorded column may have, and the way from each to the unit that a family's metric is kept in. */

type Conversion = (value: number) => number

interface Unit {
  /** The first is what messages call it. Compared without regard to case, and to how a ² or a µ is written. */
  readonly names: readonly string[]
  readonly convert: Conversion
}

/** By the unit of the metric, as the table of families has it. Factors are exact, save that of inHg (at 0 °C). */
const UNITS: Readonly<Record<string, readonly Unit[]>> = {
  '°C': [
    unit(1, '°C', 'C', 'celsius'),
    { names: ['°F', 'F', 'fahrenheit'], convert: value => ((value - 32) * 5) / 9 },
    { names: ['K', 'kelvin'], convert: value => value - 273.15 },
  ],
  '%': [unit(1, '%', 'percent'), unit(100, 'ratio')],
  hPa: [
    unit(1, 'hPa', 'mbar', 'mb', 'millibar'),
    unit(0.01, 'Pa'),
    unit(10, 'kPa'),
    unit(1000, 'bar'),
    unit(33.86389, 'inHg'),
    unit(101325 / 76000, 'mmHg', 'torr'),
    unit(1013.25, 'atm'),
  ],
  'km/h': [
    unit(1, 'km/h', 'kmh', 'kph'),
    unit(3.6, 'm/s'),
    unit(1.609344, 'mph'),
    unit(1.852, 'kn', 'kt', 'knots'),
    unit(1.09728, 'ft/s'),
  ],
  'm/s²': [
    unit(1, 'm/s²', 'm/s^2'),
    unit(9.80665, 'g'),
    unit(0.00980665, 'mg'),
    unit(0.3048, 'ft/s²', 'ft/s^2'),
  ],
  ms: [unit(1, 'ms'), unit(1000, 's'), unit(0.001, 'µs', 'us'), unit(0.000001, 'ns')],
  s: [unit(1, 's'), unit(0.001, 'ms'), unit(60, 'min'), unit(3600, 'h')],
  '1': [unit(1, '1', 'count')],
}

/** The way from a unit to the metric's own; undefined where the metric cannot be measured in it, or nobody knows it. */
export function conversion(to: string, from: string): Conversion | undefined {
  const wanted = normalised(from)
  return UNITS[to]?.find(({ names }) => names.some(name => normalised(name) === wanted))?.convert
}

/** What a column of a metric may be in, for people: `°C (C, celsius), °F (F, fahrenheit), K (kelvin)`. */
export function unitsFor(to: string): string {
  const described = (UNITS[to] ?? []).map(({ names: [name, ...others] }) =>
    others.length > 0 ? `${name} (${others.join(', ')})` : name,
  )
  return described.join(', ')
}

function unit(factor: number, ...names: readonly string[]): Unit {
  return { names, convert: value => value * factor }
}

/** NFKC: the two code points of µ become one, `℃` becomes `°C` and `²` becomes `2`. */
function normalised(name: string): string {
  return name.trim().normalize('NFKC').toLowerCase()
}
