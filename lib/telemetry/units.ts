/** Table of all supported units of metrics, by dimension, and the conversion between units of the same dimension. */

/** Converts from one unit to another. */
type Conversion = (value: number) => number

interface Unit {
  /** Names of the unit, which are compared after `normalised`. Messages use the first one. */
  readonly names: readonly string[]
  /**
   * Size in base units of the dimension, as a fraction of two exact numbers: 5/9 and 1/1000 themselves are not exact in
   * floating point.
   */
  readonly factor: readonly [numerator: number, denominator: number]
  /** Value in this unit that corresponds to 0 in the base unit. It differs from 0 only for temperature scales. */
  readonly zero: number
}

/** Units by dimension. Factors are exact, except those of inHg and mmHg, which are the conventional values. */
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
]

interface KnownUnit {
  readonly unit: Unit
  readonly dimension: readonly Unit[]
}

const BY_NAME: ReadonlyMap<string, KnownUnit> = new Map(
  DIMENSIONS.flatMap(dimension =>
    dimension.flatMap(unit => unit.names.map(name => [normalised(name), { unit, dimension }] as const)),
  ),
)

/** Returns the name of a unit that messages use, given any of its names; undefined for a unit that is not in the table. */
export function unitNamed(name: string): string | undefined {
  return BY_NAME.get(normalised(name))?.unit.names[0]
}

/**
 * Returns the conversion between two units; undefined if their dimensions differ or a unit is not in the
 * table. Converted values are rounded to twelve significant digits, which is more than any sensor has and
 * removes floating-point noise. Between two names of the same unit, values are unchanged.
 */
export function conversion(to: string, from: string): Conversion | undefined {
  const [source, target] = [BY_NAME.get(normalised(from)), BY_NAME.get(normalised(to))]
  if (!source || !target || source.dimension !== target.dimension) return undefined
  if (source.unit === target.unit) return value => value
  const numerator = source.unit.factor[0] * target.unit.factor[1]
  const denominator = source.unit.factor[1] * target.unit.factor[0]
  return value => rounded(((value - source.unit.zero) * numerator) / denominator + target.unit.zero)
}

/** Returns the units that can be converted to this one, starting with this one, such as `°C (C, celsius, …), °F (…)`. */
export function unitsFor(to: string): string {
  const { unit: own, dimension = [] } = BY_NAME.get(normalised(to)) ?? {}
  return dimension
    .toSorted((a, b) => Number(b === own) - Number(a === own))
    .map(described)
    .join(', ')
}

/** Returns the unit with two further names, which are sufficient to recognise it. */
function described({ names: [name, ...others] }: Unit): string {
  const shown = [...others.slice(0, 2), ...(others.length > 2 ? ['…'] : [])]
  return shown.length > 0 ? `${name} (${shown.join(', ')})` : `${name}`
}

function unit(
  [numerator, denominator = 1, zero = 0]: readonly [number, number?, number?],
  ...names: readonly string[]
): Unit {
  return { names, factor: [numerator, denominator], zero }
}

function rounded(value: number): number {
  return Number(value.toPrecision(12))
}

/**
 * Normalises a name: removes differences in case, blanks and the dot of a product. NFKC unifies the two code points of µ, and turns
 * `℃` into `°C` and `²` into `2`. The ordinal indicator and the ring above are accepted instead of the degree sign.
 */
function normalised(name: string): string {
  return name
    .replaceAll(/[º˚]/g, '°')
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll('−', '-')
    .replaceAll(/[\s·⋅_]/g, '')
}
