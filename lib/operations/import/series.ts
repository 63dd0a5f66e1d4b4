/** Describes a recorded column of numbers: the metric and its family, the unit, and the entity. */
import { nameHint } from '../../support/suggestion.ts'
import { buildEntityData } from '../../telemetry/entity-data.ts'
import { FAMILIES, type Family, type ReadingData } from '../../telemetry/families.ts'
import { findMetricUnit } from '../../telemetry/metric-names.ts'
import { findConversion, unitsFor } from '../../telemetry/unit-table.ts'
import { usageFailure } from '../operation-failure.ts'

export interface SeriesOptions {
  /** Name of the family; by default, the only one that declares the metric. */
  readonly family?: string
  readonly metric?: string
  readonly unit?: string
  /** Dimensions of the entity, each as `NAME=VALUE`. */
  readonly dimension?: readonly string[]
}

export interface Series {
  readonly family: Family
  readonly metric: string
  /** Converts a value from the column's unit to the unit of the metric. */
  readonly convert: (value: number) => number
  /** Returns the data of a reading. `value` must be in the unit of the metric. */
  readonly buildData: (entity: string, value: number) => ReadingData
}

/**
 * Returns the series that the options describe.
 *
 * @throws OperationFailure if the family does not support an option
 */
export function resolveSeries({ dimension = [], ...options }: SeriesOptions): Series {
  const family = resolveFamily(options)
  const metrics = Object.keys(family.metrics)
  const metric = options.metric ?? metrics[0]
  if (metric === undefined) throw usageFailure(`Name the metric of ${family.name} with --metric.`)
  const own = findMetricUnit(family, metric)
  if (own === undefined)
    throw usageFailure(
      `--metric ${metric}: readings of ${family.name} have no such metric.${nameHint(metric, metrics)}`,
    )
  const convert = options.unit === undefined ? (value: number) => value : findConversion(own, options.unit)
  if (convert === undefined)
    throw usageFailure(
      `--unit ${options.unit}: ${metric} ${own === '' ? 'has no unit' : `can be converted from ${unitsFor(own)}`}`,
    )
  const dimensions = Object.fromEntries(dimension.map(one => readDimension(one, family)))
  return {
    family,
    metric,
    convert,
    buildData: (entity, value) => ({ ...buildEntityData(family, entity, { dimensions }), [metric]: value }),
  }
}

function resolveFamily({ family: name, metric }: SeriesOptions): Family {
  const all = Object.values(FAMILIES)
  const named = all.find(family => family.name === name)
  if (named) return named
  if (name !== undefined)
    throw usageFailure(`--family ${name}: there is no such family.${nameHint(name, Object.keys(FAMILIES))}`)
  if (metric === undefined)
    throw usageFailure(
      'Name the metric of the values with --metric, or the mapping of JSON lines with --mapping.',
    )
  const having = all.filter(({ metrics }) => Object.hasOwn(metrics, metric))
  const [only, other] = having
  if (only && !other) return only
  if (other)
    throw usageFailure(
      `--metric ${metric} is a metric of ${having.map(one => one.name).join(', ')}: name one of them with --family`,
    )
  const names = all.flatMap(({ metrics }) => Object.keys(metrics))
  throw usageFailure(
    `--metric ${metric}: no family declares it. Name the family with --family.${nameHint(metric, names)}`,
  )
}

function readDimension(text: string, { name: family, dimensions }: Family): [name: string, value: string] {
  const at = text.indexOf('=')
  const name = text.slice(0, at)
  if (at < 1 || at === text.length - 1)
    throw usageFailure(`--dimension ${text}: must be NAME=VALUE, such as tenant=acme`)
  if (!Object.hasOwn(dimensions, name))
    throw usageFailure(
      `--dimension ${text}: readings of ${family} have no ${name}.${nameHint(name, Object.keys(dimensions))}`,
    )
  return [name, text.slice(at + 1)]
}
