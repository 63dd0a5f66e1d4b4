/** Units that sample records name themselves, in a field `unit`. Pure. */
import { findConversion, unitNamed } from '../../telemetry/unit-table.ts'
import { lastWords } from './field-names.ts'
import { type GuessedUnit, guessUnit } from './guess-unit.ts'
import type { SampleField } from './sample-fields.ts'

/** Returns the field that names the unit of the metrics; undefined if there is none, or one for each metric. */
export function findUnitField(fields: readonly SampleField[]): SampleField | undefined {
  const [found, ...others] = fields.filter(
    field =>
      field.kind === 'text' &&
      /^units?$/.test(lastWords(field)) &&
      [...field.distinct].some(value => unitNamed(value) !== undefined),
  )
  return others.length === 0 ? found : undefined
}

/**
 * Returns the units of the metrics in the family. Guessed units stay, because a reading is converted to them. A metric of which no
 * unit is guessed has that of its records, unless that is the unit of another metric there.
 */
export function findUnits(
  metrics: readonly SampleField[],
  unitField: SampleField | undefined,
): ReadonlyMap<SampleField, GuessedUnit> {
  const guesses = new Map(metrics.map(metric => [metric, guessUnit(metric.path, metric)]))
  const isFitting = (metric: SampleField, unit: string) =>
    findConversion(guesses.get(metric)?.unit ?? '', unit) !== undefined
  const findNamed = (metric: SampleField): GuessedUnit | undefined => {
    const records = metric.values.flatMap((value, index) => (value === undefined ? [] : [index]))
    const units = records.flatMap(index => unitNamed(String(unitField?.values[index] ?? '')) ?? [])
    const [unit] = units
    if (unit === undefined) return undefined
    if (guesses.get(metric)?.unit !== undefined)
      return isFitting(metric, unit)
        ? { ...guesses.get(metric), reason: 'converted from the unit in the record' }
        : undefined
    const isOfOther = metrics.some(
      other => isFitting(other, unit) && records.some(index => other.values[index] !== undefined),
    )
    const isOne = units.every(one => findConversion(unit, one) !== undefined)
    return isOfOther || !isOne ? undefined : { unit, reason: 'unit of the records' }
  }
  return new Map([...guesses].map(([metric, guessed]) => [metric, findNamed(metric) ?? guessed]))
}
