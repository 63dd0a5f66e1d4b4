/** Table of all supported units of metrics, by dimension, and the conversion between units of the same dimension. */
import { describeUnknown, suggestion } from '../support/suggestion.ts'

/** Function that converts a value from one unit to another. */
type Conversion = (value: number) => number

interface Unit {
  /** Names that differ by their case alone from those of other units, such as `MB` and `mb`. Messages use the first name. */
  readonly symbols: readonly string[]
  /** Names that are the same in any case. */
  readonly words: readonly string[]
  /** Names in exactly this case, which precede symbols in another case: codes of UN/CEFACT, and letters that another unit has, too. */
  readonly codes: readonly string[]
  /**
   * Size of the unit in base units of the dimension, as a fraction of two exact numbers. Numbers such as 5/9 and 1/1000 are not
   * exact in floating point.
   */
  readonly factor: readonly [numerator: number, denominator: number]
  /** Value in this unit that corresponds to 0 in the base unit. It is 0 except for °F and K. */
  readonly zero: number
  /** True if messages do not list the unit. It is here so that its symbol is not taken for another one. */
  readonly isRare?: boolean
}

/** Prefixes of symbols and words, and their factors. */
const PREFIXES: Readonly<Record<string, readonly [word: string, numerator: number, denominator?: number]>> = {
  p: ['pico', 1, 1e12],
  n: ['nano', 1, 1e9],
  µ: ['micro', 1, 1e6],
  m: ['milli', 1, 1000],
  c: ['centi', 1, 100],
  k: ['kilo', 1000],
  M: ['mega', 1e6],
  G: ['giga', 1e9],
  T: ['tera', 1e12],
  Ki: ['kibi', 1024],
  Mi: ['mebi', 1_048_576],
  Gi: ['gibi', 1_073_741_824],
}

/**
 * Units by dimension. Symbols and codes are separated by spaces, words by commas. A name that two units have is the question which one
 * is meant, unless only one of them has the dimension of the metric. All factors are exact, except for inHg and mmHg, which use the
 * conventional values.
 */
const DIMENSIONS: readonly (readonly Unit[])[] = [
  [
    unit([1], '°C C', 'celsius, degC, degrees celsius, degree celsius, centigrade, Cel', 'CEL'),
    unit([5, 9, 32], '°F F', 'fahrenheit, degF, degrees fahrenheit, degree fahrenheit, [degF]', 'FAH'),
    unit([1, 1, 273.15], 'K', 'kelvin, kelvins, °K, degK', 'KEL'),
  ],
  [
    unit([1], '%', 'percent, pct, percentage, %RH, %EL, /100', 'P1'),
    unit([100], '', 'ratio, fraction, /', 'C62'),
  ],
  [
    unit([1], 'hPa mbar mb', 'hectopascal, hectopascals, millibar, millibars', 'A97 MBR Mbar'),
    ...prefixed('k M', 'm', unit([1, 100], 'Pa', 'pascal, pascals', 'PAL'), { M: 'MPA' }),
    unit([1000], 'bar', 'bars'),
    { ...unit([1e9], 'Mbar', 'megabar, megabars'), isRare: true },
    unit([3386389, 100_000], 'inHg', "inches of mercury, [in_i'Hg]", 'F79'),
    unit([101_325, 76_000], 'mmHg', 'torr, mm[Hg]', 'UA'),
    unit([101_325, 100], 'atm', 'atmosphere, atmospheres'),
    unit([44_482_216_152_605, 645_160_000_000], 'psi', 'pounds per square inch, [psi]'),
  ],
  [
    unit([1], 'km/h', 'kilometres per hour, kilometers per hour, kmh, kph, kmph, km h-1'),
    unit([18, 5], 'm/s', 'metres per second, meters per second, mps, m s-1', 'MTS'),
    unit([1_609_344, 1_000_000], 'mph', 'miles per hour, mi/h, [mi_i]/h'),
    unit([1852, 1000], 'kn kt', 'knots, knot, kts, [kn_i]', 'KNT'),
    unit([109_728, 100_000], 'ft/s fps', 'feet per second, [ft_i]/s'),
  ],
  [
    unit([1], 'm/s²', 'm/s^2, m/s/s, m s-2, metres per second squared, meters per second squared', 'MSK'),
    unit([980_665, 100_000], 'g', 'g0, gn, [g]', 'G K40'),
    unit([980_665, 100_000_000], 'mg', 'milli-g'),
    unit([3048, 10_000], 'ft/s²', 'ft/s^2, ft s-2'),
  ],
  [
    ...prefixed('m µ n', 'M', unit([1], 's sec', 'second, seconds', 'S'), { m: 'C26', µ: 'B98', n: 'C47' }),
    unit([60], 'min', 'minute, minutes'),
    unit([3600], 'h', 'hour, hours, hr, hrs', 'H HUR'),
  ],
  [unit([1], '1', 'count, connections', 'C62 H87')],
  prefixed('m k', 'µ M', unit([1], 'V', 'volt, volts', 'VLT'), { m: '2Z', k: 'KVT', µ: 'D82' }),
  prefixed('m', 'p n µ k M', unit([1], 'A', 'ampere, amperes, amp, amps'), { m: '4K', k: 'B22', µ: 'B84' }),
  prefixed('k M m', 'µ G', unit([1], 'W', 'watt, watts', 'WTT'), { k: 'KWT', M: 'MAW', m: 'C31', G: 'A90' }),
  prefixed('k M', 'm G', unit([1, 1000], 'Wh W.h', 'watt hour, watt hours', 'WHR'), { M: 'MWH' }),
  [
    ...prefixed('k M G m', '', unit([1], 'Hz', 'hertz', 'HTZ'), { G: 'A86', M: 'MHZ' }),
    unit([1, 60], 'rpm', 'revolutions per minute, 1/min, /min', 'C94'),
    unit([1], '1/s fps', 'per second, frames per second, req/s, ops/s'),
  ],
  prefixed('m µ', 'n', unit([1], 'S', 'siemens', 'SIE'), { m: 'C27', µ: 'B99' }),
  [
    ...prefixed('k M G Ki Mi Gi', 'T', unit([1], 'B By', 'byte, bytes', 'AD b'), {
      k: '2P KB kb',
      M: '4L',
      G: 'E34',
    }),
    ...prefixed('', 'k M G T Ki Mi Gi', unit([1, 8], 'bit b', 'bits', 'A99')),
  ],
  [
    ...prefixed('k M', 'G', unit([1], 'B/s Bps By/s', 'bytes per second', 'P93 b/s'), { k: 'KB/s' }),
    ...prefixed('k M', 'G', unit([1, 8], 'bit/s bps b/s', 'bits per second', 'B10'), { M: 'E20' }),
  ],
  [
    unit([1], 'ppm', 'parts per million, [ppm]', '59'),
    unit([1, 1000], 'ppb', 'parts per billion, [ppb]', '61'),
  ],
  [unit([1], 'mg/kg', 'milligrams per kilogram', 'NA')],
  [unit([1], 'µg/m³ ug/m3', 'micrograms per cubic metre', 'GQ')],
  [unit([1], 'lx', 'lux')],
  [unit([1], 'dB', 'decibel, decibels', '2N')],
  [unit([1], 'dBm', 'decibel-milliwatts')],
  [unit([1], '', 'degree, degrees, deg', 'DD')],
  [unit([1], 'pH', '[pH]', 'Q30')],
  [
    ...prefixed('µ m', 'M', unit([1e6], 'S/cm', 'siemens per centimetre'), { µ: 'G42', m: 'H61' }),
    ...prefixed('m', 'M', unit([10_000], 'S/m', 'siemens per metre', 'D10')),
  ],
  [unit([1], 'W/m²', 'W/m^2, watts per square metre', 'D54')],
  [
    ...prefixed('m c k', 'µ M', unit([1], 'm', 'metre, metres, meter, meters', 'MTR M'), {
      m: 'MMT',
      c: 'CMT',
      k: 'KMT',
    }),
    unit([1852], 'nmi', 'nautical mile, nautical miles', 'M'),
  ],
  prefixed('m', 'M', unit([1000], 'm/h', 'metres per hour, meters per hour'), { m: 'H67' }),
  [
    ...prefixed('m', 'µ c M', unit([1], 'L l', 'litre, litres, liter, liters', 'LTR'), { m: 'MLT' }),
    unit([1000], 'm³', 'cubic metre, cubic metres, cubic meters, m^3', 'MTQ'),
  ],
  [
    unit([1], 'L/min', 'litres per minute, liters per minute, lpm', 'L2'),
    unit([60], 'L/s', 'litres per second, liters per second', 'G51'),
    unit([1000, 60], 'm³/h', 'cubic metres per hour, m^3/h', 'MQH'),
    unit([60_000], 'm³/s', 'cubic metres per second, m^3/s', 'MQS'),
  ],
  prefixed('k', 'm µ M', unit([1, 1000], 'g', 'gram, grams', 'GRM'), { k: 'KGM', m: 'MGM' }),
  prefixed('k', 'm M G', unit([1], 'N', 'newton, newtons', 'NEW')),
  [unit([1], 'F', 'farad, farads', 'FAR')],
  [unit([1], 'C', 'coulomb, coulombs', 'COU')],
  [unit([1], 'H', 'henry, henries')],
  [unit([1], 'G', 'gauss', 'Gs')],
]

interface KnownUnit extends Unit {
  /** All names but the codes. */
  readonly names: readonly string[]
  readonly dimension: readonly Unit[]
}

const UNITS: readonly KnownUnit[] = DIMENSIONS.flatMap(dimension =>
  dimension.map(unit => ({ ...unit, names: [...unit.symbols, ...unit.words], dimension })),
)

/** Units by each of their names, in the case of the table. */
const IN_CASE = groupByKey(
  UNITS.flatMap(unit => [...unit.names, ...unit.codes].map(name => [normalizeName(name), unit] as const)),
)

/** All words, in lower-case letters. */
const WORDS = new Set(UNITS.flatMap(({ words }) => words.map(name => normalizeName(name).toLowerCase())))

/** Spellings of each name, by its lower-case letters. */
const SPELLINGS = groupByKey(
  UNITS.flatMap(({ names }) => names.map(normalizeName)).map(name => [name.toLowerCase(), name] as const),
)

/** Names of all units that messages list. */
export const UNIT_NAMES: readonly string[] = UNITS.flatMap(({ names, isRare }) => (isRare ? [] : names))

/**
 * Returns the unit with a name; undefined if no unit has it, or several. A symbol in another case than that of the table is taken if it
 * can be no other unit, and is not a code of UN/CEFACT.
 *
 * @param beside unit whose dimension decides between units that have the same name
 */
function findUnit(name: string, beside?: KnownUnit): KnownUnit | undefined {
  const { units, isCaseOpen } = findMeanings(name)
  if (units.length === 1) return units[0]
  const fitting = isCaseOpen ? [] : units.filter(({ dimension }) => dimension === beside?.dimension)
  return fitting.length === 1 ? fitting[0] : undefined
}

interface Meanings {
  /** Units that the name may stand for. */
  readonly units: readonly KnownUnit[]
  /** True if their symbols differ from the name in their case alone, so that no dimension decides between them. */
  readonly isCaseOpen?: boolean
}

function findMeanings(name: string): Meanings {
  const joined = normalizeName(name)
  const factors = name.trim().split(/(?<=[\p{L}\p{N}])[\s·⋅_]+(?=\p{L})/u)
  const isProduct = factors.length > 1 && factors.every(factor => findMeanings(factor).units.length > 0)
  // The newton second is not the nanosecond, but `deg C` is a word.
  return findSpelled(
    isProduct && !WORDS.has(joined.toLowerCase()) ? normalizeName(factors.join('.')) : joined,
  )
}

function findSpelled(normalized: string): Meanings {
  const known = IN_CASE.get(normalized)
  if (known) return { units: known }
  const spellings = SPELLINGS.get(normalized.toLowerCase()) ?? []
  const meanings = spellings.map(spelling => IN_CASE.get(spelling) ?? [])
  const units = [...new Set(meanings.flat())]
  return { units, isCaseOpen: meanings.some(({ length }) => length < units.length) }
}

/** Returns the names of the units that a name can stand for; none for an unknown unit. No other units have these names. */
export function unitsNamed(name: string): readonly string[] {
  return findMeanings(name).units.flatMap(unit => toClearName(unit) ?? [])
}

/**
 * Returns the name of a unit that no other unit has; undefined if the unit is unknown, or if its name can be several units.
 *
 * @param beside name of a unit of the dimension that is meant
 */
export function unitNamed(name: string, beside = ''): string | undefined {
  const unit = findUnit(name, findUnit(beside))
  return unit && toClearName(unit)
}

function toClearName({ names }: KnownUnit): string | undefined {
  return names.find(name => findUnit(name))
}

/**
 * Returns the conversion between two units; undefined if a unit is unknown or their dimensions differ. Converted values are rounded
 * to twelve significant digits. This is more precise than any sensor, and removes floating-point noise. If both names refer to the
 * same unit, values are not changed.
 */
export function findConversion(to: string, from: string): Conversion | undefined {
  const target = findUnit(to)
  const source = findUnit(from, target)
  if (!source || !target || source.dimension !== target.dimension) return undefined
  if (source === target) return value => value
  const numerator = source.factor[0] * target.factor[1]
  const denominator = source.factor[1] * target.factor[0]
  return value => roundDigits(((value - source.zero) * numerator) / denominator + target.zero)
}

/** Returns a text that lists this unit, and all units that can be converted to it, such as `°C, °F, K`. */
export function unitsFor(to: string): string {
  return listFitting(to)
    .map(({ names: [name] }) => name)
    .join(', ')
}

/** Returns the error message for the unit of a metric in a family; undefined if the name is that of one unit. */
export function describeWrong(typed: string): string | undefined {
  const names = unitsNamed(typed)
  if (names.length === 0) return describeUnknown(`unit ${typed}`, typed, UNIT_NAMES)
  return names.length === 1 ? undefined : `${typed} can be ${names.join(' or ')}: write one of these`
}

/** Returns the error message for a unit that cannot be converted, with the nearest unit that can be, else with all of them. */
export function describeUnfit(to: string, typed: string): string {
  return `${describeName(typed)} cannot be converted to ${to}.${suggestUnits(typed, [to])}`
}

/** Returns a name with what it stands for, such as `FAH (fahrenheit)`, `F (°F or farad)` and `FAR (unknown)`. */
export function describeName(typed: string): string {
  const names = findUnit(typed)?.words.slice(0, 1) ?? unitsNamed(typed)
  return names[0] === typed ? typed : `${typed} (${names.join(' or ') || 'unknown'})`
}

/** Returns the end of a message: the names nearest to a typed one that can be converted to one of these units, else all units. */
export function suggestUnits(typed: string, owns: readonly string[]): string {
  const isFitting = (name: string) => owns.some(own => findConversion(own, name))
  const names = owns.flatMap(own => listFitting(own).flatMap(({ names }) => names)).filter(isFitting)
  const listed = owns.map(unitsFor).filter(text => text !== '')
  return suggestion(typed, names) ?? (listed.length > 0 ? ` Use ${listed.join(', ')}` : '')
}

/** Returns the unit itself, and the units that can be converted to it. */
function listFitting(to: string): readonly KnownUnit[] {
  const own = findUnit(to)
  const fitting = UNITS.filter(({ dimension, isRare }) => dimension === own?.dimension && !isRare)
  return fitting.toSorted((a, b) => Number(b === own) - Number(a === own))
}

/** Returns a row of the table. Symbols and codes are separated by spaces, words by commas. */
function unit(
  [numerator, denominator = 1, zero = 0]: readonly [number, number?, number?],
  symbols: string,
  words = '',
  codes = '',
): Unit {
  const split = (text: string, separator: string) => text.split(separator).filter(name => name !== '')
  return {
    symbols: split(symbols, ' '),
    words: split(words, ', '),
    codes: split(codes, ' '),
    factor: [numerator, denominator],
    zero,
  }
}

/**
 * Returns a unit and its multiples. Where messages list the milli unit and not the mega unit, M is a symbol of both: megavolts are
 * rarer than symbols in capitals.
 *
 * @param common prefixes of units that messages list
 * @param rare further prefixes
 * @param codes further codes by prefix
 */
function prefixed(
  common: string,
  rare: string,
  base: Unit,
  codes: Readonly<Record<string, string>> = {},
): readonly Unit[] {
  const isCapital = rare.split(' ').includes('M')
  const multiples = `${common} ${rare}`.split(' ').flatMap(prefix => {
    const found = PREFIXES[prefix]
    if (found === undefined) return []
    const [word, numerator, denominator = 1] = found
    const letters = prefix === 'µ' ? ['µ', 'u'] : [prefix]
    const capitals = prefix === 'm' && isCapital ? base.symbols.map(symbol => `M${symbol}`) : []
    const multiple = unit(
      [base.factor[0] * numerator, base.factor[1] * denominator],
      letters.flatMap(letter => base.symbols.map(symbol => letter + symbol)).join(' '),
      base.words.map(name => word + name).join(', '),
      [codes[prefix] ?? '', ...capitals].join(' '),
    )
    return [{ ...multiple, isRare: !common.split(' ').includes(prefix) }]
  })
  return [base, ...multiples]
}

/** Returns the different values of each key. */
function groupByKey<T>(
  entries: Iterable<readonly [key: string, value: T]>,
): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>()
  for (const [key, value] of entries) {
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [value])
    else if (!group.includes(value)) group.push(value)
  }
  return groups
}

function roundDigits(value: number): number {
  return Number(value.toPrecision(12))
}

/**
 * Normalises the name of a unit, so that names that differ only in spaces or the dot of a product are equal. NFKC unifies the two code
 * points of µ, and turns `℃` into `°C` and `²` into `2`. The ordinal indicator and the ring above are treated as degree signs.
 */
function normalizeName(name: string): string {
  // ASCII without spaces and underscores is normalised already.
  if (/^[!-^`-~]*$/.test(name)) return name
  return name
    .replaceAll(/[º˚]/g, '°')
    .normalize('NFKC')
    .replaceAll('−', '-')
    .replaceAll(/[\s·⋅_]/g, '')
}
