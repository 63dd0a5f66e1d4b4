/** Table of all supported units of metrics, by dimension, and the conversion between units of the same dimension. */
import { suggestion } from '../support/suggestion.ts'

/** Function that converts a value from one unit to another. */
type Conversion = (value: number) => number

interface Unit {
  /** Names of the unit. They are normalised by `normalizeName` before they are compared. Messages use the first name. */
  readonly names: readonly string[]
  /**
   * Size of the unit in base units of the dimension, as a fraction of two exact numbers. Numbers such as 5/9 and 1/1000 are not
   * exact in floating point.
   */
  readonly factor: readonly [numerator: number, denominator: number]
  /** Value in this unit that corresponds to 0 in the base unit. It is 0 except for °F and K. */
  readonly zero: number
}

/** Units by dimension. All factors are exact, except for inHg and mmHg, which use the conventional values. */
const DIMENSIONS: readonly (readonly Unit[])[] = [
  [
    unit(
      [1],
      '°C',
      'C',
      'celsius',
      'degC',
      'deg C',
      'degrees celsius',
      'degree celsius',
      'centigrade',
      'Cel',
    ),
    unit([5, 9, 32], '°F', 'F', 'fahrenheit', 'degF', 'deg F', 'degrees fahrenheit', 'degree fahrenheit'),
    unit([1, 1, 273.15], 'K', 'kelvin', 'kelvins', '°K', 'degK'),
  ],
  [unit([1], '%', 'percent', 'pct', '%RH', 'percentage'), unit([100], 'ratio', 'fraction')],
  [
    unit([1], 'hPa', 'hectopascal', 'hectopascals', 'mbar', 'mb', 'millibar', 'millibars'),
    unit([1, 100], 'Pa', 'pascal', 'pascals'),
    unit([10], 'kPa', 'kilopascal', 'kilopascals'),
    unit([1000], 'bar', 'bars'),
    unit([3386389, 100_000], 'inHg', 'in Hg', 'inches of mercury'),
    unit([101_325, 76_000], 'mmHg', 'mm Hg', 'torr'),
    unit([101_325, 100], 'atm', 'atmosphere', 'atmospheres'),
    unit([44_482_216_152_605, 645_160_000_000], 'psi'),
  ],
  [
    unit([1], 'km/h', 'kmh', 'kph', 'kmph', 'km h-1', 'kilometres per hour', 'kilometers per hour'),
    unit([18, 5], 'm/s', 'mps', 'm s-1', 'metres per second', 'meters per second'),
    unit([1_609_344, 1_000_000], 'mph', 'mi/h', 'miles per hour'),
    unit([1852, 1000], 'kn', 'kt', 'kts', 'knot', 'knots'),
    unit([109_728, 100_000], 'ft/s', 'fps', 'feet per second'),
  ],
  [
    unit([1], 'm/s²', 'm/s^2', 'm/s/s', 'm s-2', 'metres per second squared', 'meters per second squared'),
    unit([980_665, 100_000], 'g', 'g0', 'gn'),
    unit([980_665, 100_000_000], 'mg', 'milli-g'),
    unit([3048, 10_000], 'ft/s²', 'ft/s^2', 'ft s-2'),
  ],
  [
    unit([1], 's', 'sec', 'second', 'seconds'),
    unit([1, 1000], 'ms', 'millisecond', 'milliseconds', 'msec'),
    unit([1, 1_000_000], 'µs', 'us', 'microsecond', 'microseconds'),
    unit([1, 1_000_000_000], 'ns', 'nanosecond', 'nanoseconds'),
    unit([60], 'min', 'minute', 'minutes'),
    unit([3600], 'h', 'hr', 'hour', 'hours'),
  ],
  [unit([1], '1', 'count', 'connections')],
  [
    unit([1], 'V', 'volt', 'volts'),
    unit([1, 1000], 'millivolt', 'millivolts', 'mV'),
    unit([1000], 'kV', 'kilovolt', 'kilovolts'),
  ],
  [unit([1], 'A', 'ampere', 'amperes', 'amp', 'amps'), unit([1, 1000], 'mA', 'milliampere', 'milliamperes')],
  // Names ignore case, so that mega and milli have no short names where they would be equal.
  [
    unit([1], 'W', 'watt', 'watts'),
    unit([1000], 'kW', 'kilowatt', 'kilowatts'),
    unit([1_000_000], 'megawatt', 'megawatts'),
  ],
  [unit([1], 'kWh', 'kilowatt hour', 'kilowatt hours'), unit([1, 1000], 'Wh', 'watt hour', 'watt hours')],
  [
    unit([1], 'Hz', 'hertz'),
    unit([1000], 'kHz', 'kilohertz'),
    unit([1, 60], 'rpm', 'revolutions per minute'),
    unit([1], '1/s', 'per second', 'req/s', 'ops/s'),
  ],
  [
    unit([1], 'B', 'byte', 'bytes'),
    unit([1000], 'kB', 'kilobyte', 'kilobytes'),
    unit([1_000_000], 'megabyte', 'megabytes'),
    unit([1_000_000_000], 'GB', 'gigabyte', 'gigabytes'),
    unit([1024], 'KiB', 'kibibyte', 'kibibytes'),
    unit([1_048_576], 'MiB', 'mebibyte', 'mebibytes'),
    unit([1_073_741_824], 'GiB', 'gibibyte', 'gibibytes'),
  ],
  [unit([1], 'B/s', 'bytes per second'), unit([1, 8], 'bit/s', 'bits per second', 'bps')],
  [unit([1], 'ppm', 'parts per million'), unit([1, 1000], 'ppb', 'parts per billion')],
  [unit([1], 'µg/m³', 'ug/m3', 'micrograms per cubic metre')],
  [unit([1], 'lx', 'lux')],
  [unit([1], 'dB', 'decibel', 'decibels')],
  [unit([1], 'dBm')],
  [unit([1], 'degree', 'degrees', 'deg')],
  [unit([1], 'pH')],
  [unit([1], 'µS/cm', 'uS/cm'), unit([1000], 'mS/cm')],
  [unit([1], 'W/m²', 'W/m^2', 'watts per square metre')],
  [
    unit([1], 'm', 'metre', 'metres', 'meter', 'meters'),
    unit([1, 1000], 'mm', 'millimetre', 'millimetres', 'millimeter', 'millimeters'),
    unit([1, 100], 'cm', 'centimetre', 'centimetres', 'centimeter', 'centimeters'),
    unit([1000], 'km', 'kilometre', 'kilometres', 'kilometer', 'kilometers'),
  ],
  [unit([1], 'mm/h', 'millimetres per hour', 'millimeters per hour')],
  [
    unit([1], 'L', 'litre', 'litres', 'liter', 'liters'),
    unit([1, 1000], 'mL', 'millilitre', 'millilitres', 'milliliter', 'milliliters'),
    unit([1000], 'm³', 'm^3', 'cubic metre', 'cubic metres', 'cubic meters'),
  ],
  [unit([1], 'L/min', 'litres per minute', 'liters per minute')],
  [unit([1], 'kg', 'kilogram', 'kilograms'), unit([1, 1000], 'gram', 'grams')],
]

interface KnownUnit {
  readonly unit: Unit
  readonly dimension: readonly Unit[]
}

const BY_NAME: ReadonlyMap<string, KnownUnit> = new Map(
  DIMENSIONS.flatMap(dimension =>
    dimension.flatMap(unit => unit.names.map(name => [normalizeName(name), { unit, dimension }] as const)),
  ),
)

/** All names of units, of which a message suggests the nearest to a misspelled one. */
export const UNIT_NAMES: readonly string[] = DIMENSIONS.flat().flatMap(({ names }) => names)

/** Returns the name that messages use for a unit, which may be given by any of its names; undefined for an unknown unit. */
export function unitNamed(name: string): string | undefined {
  return BY_NAME.get(normalizeName(name))?.unit.names[0]
}

/**
 * Returns the conversion between two units; undefined if a unit is unknown or their dimensions differ. Converted values are rounded
 * to twelve significant digits. This is more precise than any sensor, and removes floating-point noise. If both names refer to the
 * same unit, values are not changed.
 */
export function findConversion(to: string, from: string): Conversion | undefined {
  const [source, target] = [BY_NAME.get(normalizeName(from)), BY_NAME.get(normalizeName(to))]
  if (!source || !target || source.dimension !== target.dimension) return undefined
  if (source.unit === target.unit) return value => value
  const numerator = source.unit.factor[0] * target.unit.factor[1]
  const denominator = source.unit.factor[1] * target.unit.factor[0]
  return value => roundDigits(((value - source.unit.zero) * numerator) / denominator + target.unit.zero)
}

/** Returns a text that lists this unit, and all units that can be converted to it, such as `°C (C, celsius, …), °F (…)`. */
export function unitsFor(to: string): string {
  return listFitting(to).map(describeUnit).join(', ')
}

/** Returns the error message for a unit that cannot be converted, with the nearest unit that can be, else with all of them. */
export function describeUnfit(to: string, typed: string): string {
  const names = listFitting(to).flatMap(unit => unit.names)
  return `cannot be converted to ${to}.${suggestion(typed, names) ?? ` Use ${unitsFor(to)}`}`
}

/** Returns the unit itself, and the units that can be converted to it. */
function listFitting(to: string): readonly Unit[] {
  const { unit: own, dimension = [] } = BY_NAME.get(normalizeName(to)) ?? {}
  return dimension.toSorted((a, b) => Number(b === own) - Number(a === own))
}

/** Returns the name of a unit and two of its alternative names. */
function describeUnit({ names: [name, ...others] }: Unit): string {
  const shown = [...others.slice(0, 2), ...(others.length > 2 ? ['…'] : [])]
  return shown.length > 0 ? `${name} (${shown.join(', ')})` : `${name}`
}

function unit(
  [numerator, denominator = 1, zero = 0]: readonly [number, number?, number?],
  ...names: readonly string[]
): Unit {
  return { names, factor: [numerator, denominator], zero }
}

function roundDigits(value: number): number {
  return Number(value.toPrecision(12))
}

/**
 * Normalises the name of a unit, so that names that differ only in case, spaces or the dot of a product are equal. NFKC unifies the
 * two code points of µ, and turns `℃` into `°C` and `²` into `2`. The ordinal indicator and the ring above are treated as degree
 * signs.
 */
function normalizeName(name: string): string {
  return name
    .replaceAll(/[º˚]/g, '°')
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll('−', '-')
    .replaceAll(/[\s·⋅_]/g, '')
}
