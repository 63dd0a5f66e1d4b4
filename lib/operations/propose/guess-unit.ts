/** Guesses the units of metrics from their names and values. Pure. */
import { unitNamed } from '../../telemetry/unit-table.ts'
import { findBracketed, splitWords } from './field-names.ts'
import type { SampleField } from './sample-fields.ts'

export interface GuessedUnit {
  /** Name in the table of units; absent for a metric without a unit. */
  readonly unit?: string
  /** Bounds of a percentage. */
  readonly bounds?: readonly [least: number, most: number]
  readonly reason?: string
  /** Asks for the unit where a guess would not be sure. */
  readonly question?: string
}

type Numbers = Pick<SampleField, 'path' | 'label' | 'least' | 'most' | 'isWhole'>

/** Units by the last words of a name. Names in the table of units such as `mb` and `min` mean other things here. */
// biome-ignore format: a table
const ENDINGS: Readonly<Record<string, string>> = {
  c: '°C', f: '°F', k: 'K', celsius: '°C', degc: '°C', fahrenheit: '°F', degf: '°F', kelvin: 'K',
  percent: '%', pct: '%', percentage: '%', prozent: '%', ratio: 'ratio', fraction: 'ratio',
  hpa: 'hPa', mbar: 'hPa', millibar: 'hPa', pa: 'Pa', kpa: 'kPa', bar: 'bar', psi: 'psi', inhg: 'inHg', mmhg: 'mmHg',
  kmh: 'km/h', kph: 'km/h', mps: 'm/s', mph: 'mph', kn: 'kn', kt: 'kn', knots: 'kn',
  ms: 'ms', msec: 'ms', millis: 'ms', milliseconds: 'ms', us: 'µs', micros: 'µs', microseconds: 'µs', ns: 'ns',
  nanoseconds: 'ns', s: 's', sec: 's', secs: 's', seconds: 's', minutes: 'min', hours: 'h',
  v: 'V', volt: 'V', volts: 'V', mv: 'mV', a: 'A', amps: 'A', ma: 'mA', w: 'W', watt: 'W', watts: 'W', kw: 'kW',
  wh: 'Wh', kwh: 'kWh', hz: 'Hz', byte: 'B', bytes: 'B', lux: 'lx', ppm: 'ppm', db: 'dB', dbm: 'dBm',
  kb: 'kB', mb: 'megabyte', gb: 'GB', kib: 'KiB', mib: 'MiB', gib: 'GiB', mm: 'mm', cm: 'cm', km: 'km', kg: 'kg', khz: 'kHz', rpm: 'rpm', ppb: 'ppb',
  count: '1', total: '1', connections: '1',
}

const TEMPERATURE = /^(temp|tmp|dew|dewpoint|taupunkt)$|temperatur[ae]?$/
const HUMIDITY = /^(humid|hum|rh|feuchte)$|humidity$|feucht(e|igkeit)$/
const PRESSURE = /^(pressure|press|barometer|baro)$|druck$/
const BATTERY = /^(battery|batt|bat|batterie|akku|soc)$/
const VOLTAGE = /^(voltage|volt|u)$|spannung$/
const SHARE = /^(usage|utili[sz]ation|util)$/
/** Letters that are units only in the names of these quantities, because they end other names with another meaning. */
const LETTERS: Readonly<Record<string, RegExp>> = {
  c: TEMPERATURE,
  f: TEMPERATURE,
  k: TEMPERATURE,
  v: /^(voltage|volt|u|batt?|battery|batterie|akku|cell|supply|vcc|vdd|vin|solar|panel|bus)$|spannung$/,
  a: /^(current|amp|i|strom|load|charge)$|strom$/,
  w: /^(power|watt|leistung|load|solar|pv|grid)$|leistung$/,
  s: /^(time|duration|uptime|elapsed|latency|interval|age|delay|period|dauer|runtime|timeout)$/,
  mb: /^(memory|mem|ram|heap|disk|storage|swap|size|used|free)$/,
}

interface Quantity {
  readonly word: RegExp
  /** Unit to which the units of records are converted. */
  readonly unit: string
  /** Values from which the unit is guessed: no other one is usual for them. */
  readonly usual?: readonly (readonly [unit: string, least: number, most: number, form?: 'fractions'])[]
  /** Units among which people must choose where the values are others. */
  readonly choices: string
}

/** Quantities by the words of a name. Pressures are those of air at the ground, and temperatures those of air, too. */
// biome-ignore format: a table
const QUANTITIES: readonly Quantity[] = [
  { word: TEMPERATURE, unit: '°C', usual: [['°C', -60, 50], ['K', 230, 330, 'fractions']], choices: '°C, °F or K' },
  { word: HUMIDITY, unit: '%', usual: [['ratio', 0.01, 1, 'fractions'], ['%', 2, 100]], choices: '% or ratio' },
  { word: /moisture$/, unit: '%', usual: [['%', 2, 100]], choices: '% or ratio' },
  { word: SHARE, unit: '%', usual: [['%', 2, 100]], choices: '% or ratio' },
  { word: PRESSURE, unit: 'hPa', usual: [['hPa', 850, 1100], ['Pa', 85_000, 110_000]], choices: 'hPa, kPa, bar, mmHg or psi' },
  { word: VOLTAGE, unit: 'V', usual: [['V', -500, 500]], choices: 'V or mV' },
  { word: BATTERY, unit: '%', usual: [['V', 2, 5, 'fractions'], ['%', 6, 100]], choices: '%, V or mV' },
  { word: /^co2$/, unit: 'ppm', usual: [['ppm', 200, 10_000]], choices: 'ppm' },
  { word: /^(illuminance|illumination)$/, unit: 'lx', usual: [['lx', 0, 200_000]], choices: 'lx' },
  { word: /^ph$/, unit: 'pH', usual: [['pH', 0, 14]], choices: 'pH' },
  { word: /^rssi$/, unit: 'dBm', usual: [['dBm', -150, -1]], choices: 'dBm' },
  { word: /^snr$/, unit: 'dB', usual: [['dB', -40, 60]], choices: 'dB' },
  { word: /^(cpu|memory|mem|ram|disk)$/, unit: '', choices: '%, ratio or bytes' },
  { word: /^(speed|velocity|wind|gust)$|geschwindigkeit$/, unit: 'km/h', choices: 'km/h, m/s, mph or kn' },
  { word: /^(latency|duration|elapsed|delay|uptime|dauer|runtime)$/, unit: 's', choices: 's or ms' },
  { word: /^(power|watt)$|leistung$/, unit: 'W', choices: 'W or kW' },
  { word: /^(energy|consumption)$|energie$|verbrauch$/, unit: 'kWh', choices: 'kWh or Wh' },
  { word: /^current$|strom$/, unit: 'A', choices: 'A or mA' },
  { word: /^(distance|height|depth|rain|rainfall|precipitation)$/, unit: 'm', choices: 'm, cm or mm' },
  { word: /^(weight|mass)$|gewicht$/, unit: 'kg', choices: 'kg or grams' },
]

/** Returns the unit of a metric. Only the table of units is used: a unit that it does not have is left out. */
export function guessUnit(field: Numbers): GuessedUnit {
  const { label } = field
  const words = splitWords(label)
  const quantity = findQuantity(label)
  const named = unitNamed(findBracketed(label) ?? '') ?? findEnding(words)
  if (named !== undefined && (named !== '1' || (field.isWhole && !quantity)))
    return describeUnit(named, field, 'its name')
  if (quantity === undefined) return {}
  const { usual = [], choices } = quantity
  const found = usual.find(
    ([, least, most, form]) => field.least >= least && field.most <= most && !(form && field.isWhole),
  )
  // Values such as 0 say nothing: they are usual in any unit.
  const isZero = field.least === 0 && field.most === 0
  if (found && !isZero) return describeUnit(found[0], field, 'its name and its values')
  return { question: `is "${field.path}" in ${choices}?` }
}

/** Returns the quantity that the last words of a name say; those around it only if it says none, such as `max`. */
export function findQuantity(label: string): Quantity | undefined {
  const steps = label.split('.')
  const last = steps.findLastIndex(step => splitWords(step).some(word => !SUMMARIES.test(word)))
  for (const word of splitWords(steps[last] ?? '').toReversed()) {
    const found = QUANTITIES.find(quantity => quantity.word.test(word))
    if (found) return found
  }
  return undefined
}

/** Words at the end of a name that say how values were summarised. */
const SUMMARIES = /^(\d+|avg|average|mean|min|max|minimum|maximum|std|smp|median|last|p\d\d)$/

/** Returns the unit at the end of a name with several words, such as `temp_c` and `wind_m_s`. */
function findEnding(all: readonly string[]): string | undefined {
  const words = all.slice(0, all.findLastIndex(word => !SUMMARIES.test(word)) + 1)
  const [quantity = '', last = ''] = words.slice(-2)
  if (words.length < 2) return ENDINGS[last] === '%' ? '%' : undefined
  if (quantity === 'm' && last === 's') return 'm/s'
  if (words.length > 2 && Object.hasOwn(ENDINGS, quantity + last)) return ENDINGS[quantity + last]
  const isOther = Object.hasOwn(LETTERS, last) && !words.some(word => LETTERS[last]?.test(word))
  return Object.hasOwn(ENDINGS, last) && !isOther ? ENDINGS[last] : undefined
}

/** Returns a unit with the bounds of percentages. @param source what names the unit, or from what it is guessed */
export function describeUnit(
  name: string,
  { least, most }: Pick<Numbers, 'least' | 'most'>,
  source: string,
): GuessedUnit {
  const unit = name === '1' ? '1' : unitNamed(name)
  if (unit === undefined) return {}
  const full = unit === 'ratio' ? 1 : 100
  const isShare = (unit === '%' || unit === 'ratio') && least >= 0 && most <= full
  const reason = source.startsWith('its name') ? `unit guessed from ${source}` : `unit of ${source}`
  return { unit, ...(isShare ? { bounds: [0, full] as const } : {}), reason }
}
