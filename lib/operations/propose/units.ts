/** Finds the units of metrics: those that records name in a field, in texts or in a row of units, and those of names. Pure. */
import { findConversion, unitNamed } from '../../telemetry/unit-table.ts'
import { readCellUnit } from '../import/unit-row.ts'
import { BRACKETS, GENERIC, getParent, lastWords, splitWords } from './field-names.ts'
import type { SampleField } from './sample-fields.ts'

/** Unit by its name in the table of units, with the bounds of percentages. */
export interface GuessedUnit extends Readonly<{ unit?: string; min?: number; max?: number }> {
  /** Where the unit is from, or the question that the sample does not answer. */
  readonly note: string
}

type Numbers = Pick<SampleField, 'path' | 'label' | 'least' | 'most' | 'isWhole'>

/** Units among which people choose, and values from which one is guessed. The units of records are converted to the first one. */
interface Quantity {
  readonly word: RegExp
  readonly units: readonly string[]
  readonly usual?: readonly (readonly [unit: string, least: number, most: number, form?: 'fractions'])[]
}

/** Pressures are those of air at the ground, and temperatures those of air, too. */
// biome-ignore format: a table
const QUANTITIES: readonly Quantity[] = [
  { word: /^(tmp|dew|taupunkt)$|(temp|dewpoint|temperatur[ae]?)$/, units: ['°C', '°F', 'K'], usual: [['°C', -60, 50], ['K', 230, 330, 'fractions']] },
  { word: /^(humid|hum|rh)$|(humidity|feucht(e|igkeit))$/, units: ['%', 'ratio'], usual: [['ratio', 0.01, 1, 'fractions'], ['%', 2, 100]] },
  { word: /^util$|(moisture|usage|utili[sz]ation)$/, units: ['%', 'ratio'], usual: [['%', 2, 100]] },
  { word: /^(press|baro)$|(pressure|barometer|druck)$/, units: ['hPa', 'kPa', 'bar', 'mmHg', 'inHg', 'psi'], usual: [['hPa', 850, 1100], ['Pa', 85_000, 110_000]] },
  { word: /^(volt|u|vcc|vdd|vin)$|(voltage|spannung)$/, units: ['V', 'mV'], usual: [['V', -500, 500]] },
  { word: /^(bat|batt|soc|akku)$|batter(y|ie)$/, units: ['%', 'V', 'mV'], usual: [['V', 2, 5, 'fractions'], ['%', 6, 100]] },
  { word: /^co2$/, units: ['ppm'], usual: [['ppm', 200, 10_000]] },
  { word: /^illumina(nce|tion)$/, units: ['lx'], usual: [['lx', 0, 200_000]] },
  { word: /^ph$/, units: ['pH'], usual: [['pH', 0, 14]] },
  { word: /^rssi$/, units: ['dBm'], usual: [['dBm', -150, -1]] },
  { word: /^snr$/, units: ['dB'], usual: [['dB', -40, 60]] },
  { word: /^(cpu|mem|ram|disk)$|memory$/, units: ['%', 'ratio', 'B'] },
  { word: /(speed|velocity|wind|gust|geschwindigkeit)$/, units: ['km/h', 'm/s', 'mph', 'kn'] },
  { word: /^(age|time)$|(latency|duration|elapsed|delay|uptime|dauer|runtime)$/, units: ['s', 'ms'] },
  { word: /^watt$|(power|leistung)$/, units: ['W', 'kW'] },
  { word: /(energy|consumption|energie|verbrauch)$/, units: ['kWh', 'Wh'] },
  { word: /^amp$|(current|strom)$/, units: ['A', 'mA'] },
  { word: /(distance|height|depth|rain|rainfall|precipitation)$/, units: ['m', 'cm', 'mm'] },
  { word: /(weight|mass|gewicht)$/, units: ['kg', 'gram'] },
]

/** Words at the end of a name that say how values were summarised. */
const SUMMARY = /^(\d+|avg|average|mean|min|max|minimum|maximum|std|smp|median|last|p\d\d)$/

/** Returns the words of the last part of a label that says more than how values were summarised. */
function listOwnWords(label: string): readonly string[] {
  const steps = label.split('.').map(splitWords)
  const words = steps.findLast(step => step.some(word => !SUMMARY.test(word))) ?? []
  return words.slice(0, words.findLastIndex(word => !SUMMARY.test(word)) + 1)
}

/** Returns the quantity that the last words of a name say. */
function findQuantity(words: readonly string[]): Quantity | undefined {
  return words.map(word => QUANTITIES.find(quantity => quantity.word.test(word))).findLast(Boolean)
}

/** Returns the unit that the name of a metric says, or the question for it. Only the table of units is used. */
export function guessUnit(field: Numbers): GuessedUnit {
  const { label, least, most, isWhole } = field
  const words = listOwnWords(label)
  const quantity = findQuantity(words)
  const named = unitNamed(BRACKETS.exec(label.trim())?.[1] ?? '') ?? findEnding(words, quantity)
  if (named) return describeUnit(named, field, 'unit guessed from its name')
  const found = quantity?.usual?.find(
    ([, from, to, form]) => least >= from && most <= to && !(form && isWhole),
  )
  // Values such as 0 say nothing: they are usual in any unit.
  if (found && (least !== 0 || most !== 0))
    return describeUnit(found[0], field, `unit guessed from its values: is "${field.path}" in ${found[0]}?`)
  const choices = quantity?.units.join(', ').replace(/, ([^,]*)$/, ' or $1')
  return { note: choices ? `is "${field.path}" in ${choices}?` : 'in which unit, if any?' }
}

/** Returns the unit at the end of a name, such as of `temp_c` and `wind_m_s`, or in one word with its quantity. */
function findEnding(words: readonly string[], quantity: Quantity | undefined): string | undefined {
  const [pair, last = ''] = [words.slice(-2), words.at(-1)]
  // In the table of units, mb is the millibar.
  const pairs = words.length > 2 ? [pair.join('/'), pair.join('')] : []
  const texts = [...pairs, last, last.replace(/^mb$/, 'megabyte')]
  const isFitting = (text: string, of = quantity) =>
    of ? of.units.some(unit => findConversion(unit, text)) : text.length > 1 && unitNamed(text) !== undefined
  const found = words.length > 1 || unitNamed(last) === '%' ? texts.find(text => isFitting(text)) : undefined
  if (found !== undefined) return unitNamed(found)
  // A word such as windspeedmph is a quantity of more than two letters with its unit.
  const lengths = [...last.slice(3)].map((_, index) => index + 3)
  const quantityOf = (length: number) => findQuantity([last.slice(0, length)])
  const glued = lengths.find(
    length => quantityOf(length) && isFitting(last.slice(length), quantityOf(length)),
  )
  return glued === undefined ? undefined : unitNamed(last.slice(glued))
}

/** Returns a unit with the bounds of percentages; the question for it if the table of units does not have it. */
function describeUnit(name: string, { path, least, most }: Numbers, note: string): GuessedUnit {
  const unit = unitNamed(name)
  if (unit === undefined) return { note: `which unit of Sluice is ${JSON.stringify(name)} of "${path}"?` }
  const full = unit === '%' ? 100 : 1
  const isShare = (unit === '%' || unit === 'ratio') && least >= 0 && most <= full
  return { unit, ...(isShare ? { min: 0, max: full } : {}), note }
}

export interface RecordUnits {
  readonly byMetric: ReadonlyMap<SampleField, GuessedUnit>
  /** Field from which a reading is converted to the units of the family. */
  readonly converting?: SampleField | undefined
  /** Fields that have the same unit in all records for which the draft is. */
  readonly fixed: readonly SampleField[]
}

const UNIT_WORD = /\b(units? of|units?|uom|einheit|scale)\b|^u$/

/** Returns the fields with units: the table of units has one of them, or a name such as `temperatureUnit` says of what they are. */
export function findUnitFields(fields: readonly SampleField[]): readonly SampleField[] {
  return fields.filter(field => {
    const words = lastWords({ label: formatPlace(field) })
    const isUnit = [...field.distinct].some(unitNamed) || /. unit$/.test(words)
    return field.kind === 'text' && UNIT_WORD.test(words) && isUnit
  })
}

/** Returns the path of a unit beside its metric: that of `units.temperature` is `temperature unit`. */
function formatPlace({ path }: SampleField): string {
  return path.replace(/(^|[.])units?[.]([^.]+)$/i, '$1$2 unit')
}

const findUnit = ({ distinct }: SampleField) => [...distinct].find(unitNamed) ?? [...distinct][0] ?? ''

/** Returns the units of all metrics: those that records name, and guesses. @param row cells of the row of units, by column */
export function findUnits(
  metrics: readonly SampleField[],
  unitFields: readonly SampleField[],
  row: Readonly<Record<string, unknown>> = {},
): RecordUnits {
  const owned = Map.groupBy(metrics, metric => findOwner(metric, unitFields, metrics.length === 1))
  const owners = unitFields.filter(field => owned.has(field))
  const converting = owners.find(field => owners.length === 1 && isConverting(field, owned.get(field) ?? []))
  const describe = (metric: SampleField): GuessedUnit => {
    const { path, written } = metric
    const question = `is "${path}" in ${written?.unit} where its text has no unit, too?`
    if (written?.in === 'few') return { note: question }
    if (written)
      return describeUnit(written.unit, metric, written.in === 'all' ? 'unit of its texts' : question)
    const cell = row[path]
    if (typeof cell === 'string') return describeUnit(readCellUnit(cell) ?? cell, metric, 'unit of its row')
    const owner = owners.find(field => owned.get(field)?.includes(metric))
    return owner ? describeOwned(metric, owner, owner === converting) : guessUnit(metric)
  }
  const byMetric = new Map(metrics.map(metric => [metric, describe(metric)]))
  return { byMetric, converting, fixed: owners.filter(field => field !== converting) }
}

function describeOwned(metric: SampleField, field: SampleField, isConverted: boolean): GuessedUnit {
  const [unit, path] = [findUnit(field), `"${field.path}"`]
  const own = findQuantity(listOwnWords(metric.label))?.units[0] ?? ''
  const reached = findConversion(own, unit) ? own : unit
  if (isConverted) return { unit: unitNamed(reached) ?? reached, note: `the records name theirs in ${path}` }
  const isEverywhere = field.count === field.values.length
  const note = isEverywhere ? `unit of the records, ${path}` : `is it in ${unit} without ${path}, too?`
  return describeUnit(unit, metric, note)
}

/**
 * Returns the field that names the unit of a metric: one of the same name, such as `TempUnit` of `Temperature`, or only called `unit`
 * beside a value, or else one in whose unit the quantity is measured.
 */
function findOwner(metric: SampleField, unitFields: readonly SampleField[], isOnly: boolean) {
  const own = lastWords({ label: metric.path })
  const inside = unitFields.filter(field => isOnly || metric.path.startsWith(getParent(formatPlace(field))))
  const isAlike = (field: SampleField) => {
    const place = formatPlace(field)
    const prefix = lastWords({ label: place }).replace(UNIT_WORD, '').trim()
    if (prefix === '') return getParent(metric.path) === getParent(place) && GENERIC.test(own)
    return own.startsWith(prefix) || prefix.startsWith(own)
  }
  const quantity = findQuantity(listOwnWords(metric.label))?.units[0]
  const isPlain = isOnly && !quantity && !guessUnit(metric).unit
  const isFitting = (unit: string) => (quantity ? findConversion(quantity, unit) : isPlain && unitNamed(unit))
  return inside.find(isAlike) ?? inside.find(field => isFitting(findUnit(field)))
}

/** Returns whether each record with the unit has a metric that can be converted from it, so that it is not refused. */
function isConverting({ distinct, values }: SampleField, metrics: readonly SampleField[]): boolean {
  const isRead = ({ values, absent }: SampleField, index: number) =>
    typeof values[index] === 'number' && !absent.includes(values[index])
  return (
    [...distinct].every(unit => findConversion([...distinct][0] ?? '', unit) !== undefined) &&
    values.every((value, index) => value === undefined || metrics.some(metric => isRead(metric, index)))
  )
}
