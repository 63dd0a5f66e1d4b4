/** Finds the units of metrics: those that records name in a field, in texts or in a row of units, and those of names. Pure. */
import { findConversion, unitNamed, unitsNamed } from '../../telemetry/unit-table.ts'
import { readCellUnit } from '../import/unit-row.ts'
import { BRACKETS, GENERIC, getParent, lastWords } from './field-names.ts'
import { findMostFrequent, type SampleField } from './sample-fields.ts'

type Named = Pick<SampleField, 'path' | 'label'>

export interface GuessedUnit {
  /** Unit by its name in the table of units. */
  readonly unit?: string
  /** Where the unit is from, or the question that the sample does not answer. */
  readonly note: string
}

/** Words for quantities, and the units among which people choose. */
const QUANTITIES: readonly (readonly [word: RegExp, units: readonly string[]])[] = [
  [/^(tmp|dew|taupunkt)$|(temp|dewpoint|temperatur[ae]?)$/, ['°C', '°F', 'K']],
  [/^(hum|humid|rh|util)$|(humidity|feucht(e|igkeit)|moisture|usage|utili[sz]ation)$/, ['%', 'ratio']],
  [/^(press|baro)$|(pressure|barometer|druck)$/, ['hPa', 'kPa', 'bar', 'mmHg', 'inHg', 'psi']],
  [/^(volt|u|vcc|vdd|vin)$|(voltage|spannung)$/, ['V', 'mV']],
  [/^(bat|batt|soc|akku)$|batter(y|ie)$/, ['%', 'V', 'mV']],
  [/^(cpu|mem|ram|disk)$|memory$/, ['%', 'ratio', 'B']],
  [/(speed|velocity|wind|gust|geschwindigkeit)$/, ['km/h', 'm/s', 'mph', 'kn']],
  [/^(age|time)$|(latency|duration|elapsed|delay|uptime|dauer|runtime)$/, ['s', 'ms']],
  [/^watt$|(power|leistung)$/, ['W', 'kW']],
  [/(energy|consumption|energie|verbrauch)$/, ['kWh', 'Wh']],
  [/^amp$|(current|strom)$/, ['A', 'mA']],
  [/(distance|height|depth|rain|rainfall|precipitation)$/, ['m', 'cm', 'mm']],
  [/(weight|mass|gewicht)$/, ['kg', 'gram']],
]

/** Returns the units of the quantity that a name says; undefined without one. */
function findChoices(field: Named): readonly string[] | undefined {
  const words = lastWords(field).split(' ')
  return words.map(word => QUANTITIES.find(([quantity]) => quantity.test(word))?.[1]).findLast(Boolean)
}

/** Returns the unit that the name of a metric says, or the question for it. Only the table of units is used. */
export function guessUnit(field: Named): GuessedUnit {
  const { path, label } = field
  const choices = findChoices(field)
  const written = BRACKETS.exec(label.trim())?.[1] ?? ''
  if (unitsNamed(written).length > 0) return describeUnit(written, field, 'unit guessed from its name')
  const unit = findEnding(label.split('.').at(-1) ?? label, choices)
  if (unit) return { unit, note: 'unit guessed from its name' }
  const shown = choices?.join(', ').replace(/, ([^,]*)$/, ' or $1')
  return { note: shown ? `is "${path}" in ${shown}?` : 'in which unit, if any?' }
}

/** Returns the unit at the end of a name, such as of `temp_c` and `wind_m_s`, and of clockMHz. */
function findEnding(name: string, choices: readonly string[] | undefined): string | undefined {
  const words = name.replace(/([\p{Ll}\d])(\p{Lu})/gu, '$1 $2').match(/[\p{L}\d]+/gu) ?? []
  const [pair, last = ''] = [words.slice(-2), words.at(-1)]
  const texts = words.length > 2 ? [pair.join('/'), pair.join(''), last] : [last]
  // The case of `Ms` in latencyMs, and of a name in capitals, is not that of the unit.
  const hasOwnCase = (text: string) => /\p{Ll}/u.test(name) && /.\p{Lu}/u.test(text)
  const toUnit = (text: string) => {
    const written = hasOwnCase(text) ? text : text.toLowerCase()
    const dimension = choices?.find(choice => findConversion(choice, written))
    const unit = choices && !dimension ? undefined : unitNamed(written, dimension)
    return unitsNamed(text).find(name => name === unit)
  }
  const found = texts.find(text => (choices !== undefined || text.length > 1) && toUnit(text)) ?? ''
  const unit = toUnit(found)
  // A letter before it can be its prefix, as in energykWh.
  const longer = name.slice(-last.length - 1)
  const isCut = found === last && /^\p{Ll}/u.test(longer) && findConversion(unit ?? '', longer) !== undefined
  // People write min for the minimum, too, and mb for the megabyte, which is the millibar in the table of units.
  const isOpen = (words.length < 2 && unit !== '%') || /^([Mm]in|MIN|mb)$/.test(last)
  return isOpen || isCut ? undefined : unit
}

/** Returns a unit; the question for it if the table of units has none or several of that name. */
function describeUnit(name: string, field: Named, note: string): GuessedUnit {
  const [choice] = findChoices(field) ?? []
  const unit = unitNamed(name, choice)
  if (unit) return { unit, note }
  const shown = unitsNamed(name).join(' or ')
  const question = `${JSON.stringify(name)} of "${field.path}"`
  return { note: shown ? `is ${question} ${shown}?` : `which unit of Sluice is ${question}?` }
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
    const isUnit = [...field.distinct].some(name => unitsNamed(name).length > 0) || /. unit$/.test(words)
    return field.kind === 'text' && UNIT_WORD.test(words) && isUnit
  })
}

/** Returns the path of a unit beside its metric: that of `units.temperature` is `temperature unit`. */
function formatPlace({ path }: SampleField): string {
  return path.replace(/(^|[.])units?[.]([^.]+)$/i, '$1$2 unit')
}

/** Returns the most frequent unit in a field. */
export const findUnit = ({ values }: SampleField) => findMostFrequent(values)?.text ?? ''

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
    if (owner === undefined) return guessUnit(metric)
    const [unit, named] = [findUnit(owner), `"${owner.path}"`]
    const isEverywhere = owner.count === owner.values.length
    const note = isEverywhere ? `unit of the records, ${named}` : `is it in ${unit} without ${named}, too?`
    return describeUnit(unit, metric, owner === converting ? `the records name theirs in ${named}` : note)
  }
  const byMetric = new Map(metrics.map(metric => [metric, describe(metric)]))
  return { byMetric, converting, fixed: owners.filter(field => field !== converting) }
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
  const quantity = findChoices(metric)?.[0]
  const isFitting = (unit: string) =>
    quantity ? findConversion(quantity, unit) : isOnly && unitsNamed(unit).length > 0
  return inside.find(isAlike) ?? inside.find(field => isFitting(findUnit(field)))
}

/** Returns whether each record with the unit has a metric that can be converted from it, so that it is not refused. */
function isConverting({ distinct, values }: SampleField, metrics: readonly SampleField[]): boolean {
  const isRead = ({ values, absent }: SampleField, index: number) =>
    typeof values[index] === 'number' && !absent.includes(values[index])
  const [first = ''] = [...metrics.flatMap(metric => findChoices(metric) ?? []), ...distinct]
  return (
    [...distinct].every(unit => findConversion(first, unit) !== undefined) &&
    values.every((value, index) => value === undefined || metrics.some(metric => isRead(metric, index)))
  )
}
