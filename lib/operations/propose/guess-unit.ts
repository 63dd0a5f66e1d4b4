/** Guesses the units of metrics from their names and values, or from a field with the unit. Pure. */
import { findConversion, unitNamed } from '../../telemetry/unit-table.ts'
import { findBracketed, lastWords, splitWords } from './field-names.ts'
import type { SampleField } from './sample-fields.ts'

export interface GuessedUnit {
  /** Name in the table of units; absent for a metric without a unit. */
  readonly unit?: string
  /** Bounds of a percentage. */
  readonly bounds?: readonly [least: number, most: number]
  /** Explains the guess, or says which unit is unclear. */
  readonly reason?: string
}

interface Range {
  readonly least: number
  readonly most: number
}

/** Units by the last words of a name. Names in the table of units such as `mb` and `min` mean other things here. */
// biome-ignore format: a table
const ENDINGS: Readonly<Record<string, string>> = {
  celsius: '°C', degc: '°C', fahrenheit: '°F', degf: '°F', kelvin: 'K',
  percent: '%', pct: '%', percentage: '%', prozent: '%', ratio: 'ratio', fraction: 'ratio',
  hpa: 'hPa', mbar: 'hPa', millibar: 'hPa', pa: 'Pa', kpa: 'kPa', bar: 'bar', psi: 'psi', inhg: 'inHg', mmhg: 'mmHg',
  kmh: 'km/h', kph: 'km/h', mps: 'm/s', mph: 'mph', kn: 'kn', kt: 'kn', knots: 'kn',
  ms: 'ms', msec: 'ms', millis: 'ms', milliseconds: 'ms', us: 'µs', micros: 'µs', microseconds: 'µs', ns: 'ns',
  nanoseconds: 'ns', s: 's', sec: 's', secs: 's', seconds: 's', minutes: 'min', hours: 'h',
  v: 'V', volt: 'V', volts: 'V', mv: 'mV', a: 'A', amps: 'A', ma: 'mA', w: 'W', watt: 'W', watts: 'W', kw: 'kW',
  wh: 'Wh', kwh: 'kWh', hz: 'Hz', byte: 'B', bytes: 'B', lux: 'lx', ppm: 'ppm', db: 'dB', dbm: 'dBm',
  count: '1', total: '1', connections: '1',
}

const TEMPERATURE = /^(temp|dewpoint|taupunkt)$|temperatur[ae]?$/
const HUMIDITY = /^(humid|rh|moisture|feuchte)$|humidity$|feucht(e|igkeit)$/
const PRESSURE = /^(pressure|barometer)$|druck$/
/** Letters of units of temperature, which end other names with another meaning. */
const TEMPERATURES: Readonly<Record<string, string>> = { c: '°C', f: '°F', k: 'K' }

/** Units by the words of a name and the values, of which the first that fits is used. Pressures are those of air at the ground. */
const QUANTITIES: readonly (readonly [word: RegExp, unit: string, least: number, most: number])[] = [
  [TEMPERATURE, '°C', -100, 200],
  [TEMPERATURE, 'K', 200, 400],
  [HUMIDITY, 'ratio', 0, 1],
  [HUMIDITY, '%', 0, 100],
  [/^(usage|utili[sz]ation|util|cpu|memory|mem|disk)$/, '%', 0, 100],
  [PRESSURE, 'hPa', 800, 1100],
  [PRESSURE, 'Pa', 80_000, 110_000],
  [PRESSURE, 'kPa', 80, 110],
  [PRESSURE, 'inHg', 24, 33],
  [/^voltage$|spannung$/, 'V', -1e6, 1e6],
  [/^(battery|batterie|akku)$/, 'V', 2, 5],
  [/^(battery|batterie|akku)$/, '%', 0, 100],
  [/^co2$/, 'ppm', 200, 10_000],
  [/^(illuminance|illumination)$/, 'lx', 0, 200_000],
  [/^ph$/, 'pH', 0, 14],
]

/** Quantities whose unit neither names nor values show, with the units among which people must choose. */
const UNCLEAR: readonly (readonly [word: RegExp, question: string])[] = [
  [TEMPERATURE, '°C, °F or K?'],
  [PRESSURE, 'hPa, bar or psi?'],
  [/^(speed|velocity|wind)$|geschwindigkeit$/, 'km/h, m/s, mph or kn?'],
  [/^(latency|duration|elapsed|delay|uptime|dauer)$/, 's or ms?'],
]

/** Returns the field that names the unit of the metrics; undefined without one, or if each metric has its own. */
export function findUnitField(fields: readonly SampleField[]): SampleField | undefined {
  const [found, ...others] = fields.filter(
    field => field.kind === 'text' && /^units?$/.test(lastWords(field)) && findNamedUnit(field) !== undefined,
  )
  return others.length === 0 ? found : undefined
}

function findNamedUnit({ distinct }: SampleField): string | undefined {
  return [...distinct].map(unitNamed).find(unit => unit !== undefined)
}

/**
 * Returns the units of the metrics in the family. Readings are converted to them from the unit that their records name. If that is the
 * unit of no guess, the metrics without a guess have it.
 */
export function guessUnits(
  metrics: readonly SampleField[],
  unitField: SampleField | undefined,
): ReadonlyMap<SampleField, GuessedUnit> {
  const guesses = new Map(metrics.map(metric => [metric, guessUnit(metric.path, metric)]))
  const unit = unitField && findNamedUnit(unitField)
  if (unit === undefined) return guesses
  const isOfGuess = [...guesses.values()].some(guess => findConversion(guess.unit ?? '', unit) !== undefined)
  const own: GuessedUnit = isOfGuess ? {} : { unit, reason: 'unit of the records' }
  return new Map([...guesses].map(([metric, guess]) => [metric, guess.unit === undefined ? own : guess]))
}

/** Returns the unit of a metric. Only the table of units is used: a unit that it does not have is left out. */
export function guessUnit(name: string, range: Range): GuessedUnit {
  const bracketed = unitNamed(findBracketed(name) ?? '')
  const words = splitWords(name)
  const named = bracketed ?? findEnding(words)
  if (named !== undefined) return describeUnit(named, range, 'its name')
  return guessByQuantity(words, range)
}

/** Returns the unit at the end of a name with several words, such as `temp_c` and `wind_m_s`. */
function findEnding(words: readonly string[]): string | undefined {
  const [quantity = '', last = ''] = words.slice(-2)
  if (words.length < 2) return ENDINGS[last] === '%' ? '%' : undefined
  if (quantity === 'm' && last === 's') return 'm/s'
  if (Object.hasOwn(TEMPERATURES, last))
    return words.some(word => TEMPERATURE.test(word)) ? TEMPERATURES[last] : undefined
  const unit =
    Object.hasOwn(ENDINGS, quantity + last) && words.length > 2 ? ENDINGS[quantity + last] : undefined
  return unit ?? (Object.hasOwn(ENDINGS, last) ? ENDINGS[last] : undefined)
}

function guessByQuantity(words: readonly string[], range: Range): GuessedUnit {
  const has = (word: RegExp) => words.some(one => word.test(one))
  const found = QUANTITIES.find(
    ([word, , least, most]) => has(word) && range.least >= least && range.most <= most,
  )
  if (found) return describeUnit(found[1], range, 'its name and its values')
  const unclear = UNCLEAR.find(([word]) => has(word))
  return unclear ? { reason: unclear[1] } : {}
}

function describeUnit(name: string, { least, most }: Range, source: string): GuessedUnit {
  const unit = name === '1' ? '1' : unitNamed(name)
  if (unit === undefined) return {}
  const full = unit === 'ratio' ? 1 : 100
  const isShare = (unit === '%' || unit === 'ratio') && least >= 0 && most <= full
  return { unit, ...(isShare ? { bounds: [0, full] as const } : {}), reason: `unit guessed from ${source}` }
}
