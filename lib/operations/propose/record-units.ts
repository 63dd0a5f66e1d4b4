/** Finds the units that records name themselves: in a field, in the texts of a metric, or in a row below the header. Pure. */
import { findConversion, unitNamed } from '../../telemetry/unit-table.ts'
import { readCellUnit } from '../import/unit-row.ts'
import { GENERIC, lastWords } from './field-names.ts'
import { describeUnit, findQuantity, type GuessedUnit, guessUnit } from './guess-unit.ts'
import type { SampleField } from './sample-fields.ts'

/** Unit field, and the metrics whose unit it names. */
interface OwnedUnit {
  readonly field: SampleField
  readonly metrics: readonly SampleField[]
}

export interface RecordUnits {
  readonly byMetric: ReadonlyMap<SampleField, GuessedUnit>
  /** Field from which a reading is converted to the units of the family. */
  readonly converting?: SampleField
  /** Fields that have the same unit in all records for which the draft is. */
  readonly fixed: readonly SampleField[]
}

const UNIT_WORD = /\b(units? of|units?|uom|einheit|scale)\b/

/** Returns the fields with units: the table of units has one of them, or a name such as `temperatureUnit` says of what they are. */
export function findUnitFields(fields: readonly SampleField[]): readonly SampleField[] {
  return fields.filter(
    field =>
      field.kind === 'text' &&
      (UNIT_WORD.test(unitWords(field)) || unitWords(field) === 'u') &&
      (isKnown(field) || /. unit$/.test(unitWords(field))),
  )
}

const isKnown = ({ distinct }: SampleField) => [...distinct].some(unitNamed)
const findUnit = ({ distinct }: SampleField) => [...distinct].find(unitNamed) ?? [...distinct][0] ?? ''

/** Returns the path of a unit beside its metric: that of `units.temperature` is `temperature unit`. */
function formatPlace({ path }: SampleField): string {
  return path.replace(/(^|[.])units?[.]([^.]+)$/i, '$1$2 unit')
}

function unitWords(field: SampleField): string {
  return lastWords({ label: formatPlace(field) })
}

/** Returns the units of all metrics: those that records name, and guesses. @param row cells of the row of units, by column */
export function findUnits(
  metrics: readonly SampleField[],
  unitFields: readonly SampleField[],
  row: Readonly<Record<string, unknown>> = {},
): RecordUnits {
  const owned = assignUnitFields(metrics, unitFields)
  const [only] = owned
  const converting = owned.length === 1 && only && isConverting(only) ? only.field : undefined
  const describe = (metric: SampleField): GuessedUnit => {
    const cell = row[metric.path]
    if (metric.written) return describeNamed(metric.written.unit, metric, 'its texts')
    if (typeof cell === 'string') return describeNamed(readCellUnit(cell) ?? cell, metric, 'the row of units')
    const owner = owned.find(unit => unit.metrics.includes(metric))?.field
    return owner ? describeOwned(metric, owner, owner === converting) : guessUnit(metric)
  }
  return {
    byMetric: new Map(metrics.map(metric => [metric, describe(metric)])),
    ...(converting ? { converting } : {}),
    fixed: owned.map(({ field }) => field).filter(field => field !== converting),
  }
}

function describeNamed(unit: string, metric: SampleField, source: string): GuessedUnit {
  const described = describeUnit(unit, metric, source)
  return described.unit
    ? described
    : { question: `which unit of Sluice is ${JSON.stringify(unit)} of "${metric.path}"?` }
}

function describeOwned(metric: SampleField, field: SampleField, isConverted: boolean): GuessedUnit {
  const unit = findUnit(field)
  if (!isConverted) {
    const named = describeNamed(unit, metric, `the records, "${field.path}"`)
    const isEverywhere = field.count === field.values.length
    return isEverywhere ? named : { ...named, question: `is it in ${unit} without "${field.path}", too?` }
  }
  const own = findQuantity(metric.label)?.unit ?? ''
  const reason = `the records name theirs in "${field.path}"`
  return { unit: findConversion(own, unit) ? own : (unitNamed(unit) as string), reason }
}

/**
 * Returns the unit fields with their metrics: those of the same name, such as `Temperature` of `TempUnit`, then those of the same
 * dimension; of a field that is only called `unit` the value beside it.
 */
function assignUnitFields(
  metrics: readonly SampleField[],
  unitFields: readonly SampleField[],
): readonly OwnedUnit[] {
  const taken = new Set<SampleField>()
  const take = (found: readonly SampleField[]) => {
    const free = found.filter(metric => !taken.has(metric))
    for (const metric of free) taken.add(metric)
    return free
  }
  const inside = (field: SampleField) =>
    metrics.filter(({ path }) => path.startsWith(getParent(formatPlace(field))))
  return unitFields
    .map(field => ({ field, named: take(findNamedAlike(field, inside(field))) }))
    .map(({ field, named }) => {
      const isFitting = ({ label }: SampleField) =>
        findConversion(findQuantity(label)?.unit ?? '', findUnit(field)) !== undefined
      const fitting = inside(field).filter(isFitting)
      const plain = inside(field).filter(metric => Object.keys(guessUnit(metric)).length === 0)
      const isPlain = isKnown(field) && named.length + fitting.length === 0 && plain.length === 1
      return { field, metrics: [...named, ...take(isPlain ? plain : fitting)] }
    })
    .filter(({ metrics }) => metrics.length > 0)
}

function findNamedAlike(field: SampleField, metrics: readonly SampleField[]): readonly SampleField[] {
  const own = (metric: SampleField) => lastWords({ label: metric.path })
  const prefix = unitWords(field).replace(UNIT_WORD, '').trim()
  if (prefix === '' || prefix === 'u')
    return metrics.filter(
      metric => getParent(metric.path) === getParent(formatPlace(field)) && GENERIC.test(own(metric)),
    )
  return metrics.filter(metric => own(metric).startsWith(prefix) || prefix.startsWith(own(metric)))
}

function getParent(path: string): string {
  return path.slice(0, path.lastIndexOf('.') + 1)
}

/** Returns whether each record with the unit has a metric that can be converted from it, so that it is not refused. */
function isConverting({ field, metrics }: OwnedUnit): boolean {
  const [unit = ''] = field.distinct
  return (
    [...field.distinct].every(other => findConversion(unit, other) !== undefined) &&
    field.values.every(
      (value, index) =>
        value === undefined || metrics.some(({ values }) => typeof values[index] === 'number'),
    )
  )
}
