/** Describes a recorded column of numbers: the metric and its family, the unit, and the entity. */
import {
  type DatabaseReading,
  type DeviceMotion,
  type EnvironmentReading,
  FAMILIES,
  type Family,
  type FamilyName,
  type ReadingData,
} from '../../telemetry/families.ts'
import { findConversion, unitsFor } from '../../telemetry/unit-table.ts'
import { usageFailure } from '../operation-failure.ts'

export interface SeriesOptions {
  readonly family: FamilyName
  readonly metric?: string
  readonly unit?: string
  /** Site of an environment sensor. */
  readonly site?: string
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
export function resolveSeries(options: SeriesOptions): Series {
  const family = FAMILIES[options.family]
  const metrics = Object.keys(family.metrics)
  const metric = options.metric ?? (metrics[0] as string)
  const unit = family.metrics[metric]
  if (unit === undefined || !Object.hasOwn(family.metrics, metric))
    throw usageFailure(`--metric ${metric}: readings of ${family.name} have ${metrics.join(', ')}`)
  const convert = findConversion(unit, options.unit ?? unit)
  if (convert === undefined)
    throw usageFailure(`--unit ${options.unit}: ${metric} can be converted from ${unitsFor(unit)}`)
  if (options.site !== undefined && family.name !== 'environment')
    throw usageFailure(`--site does not apply to readings of ${family.name}`)
  const identity = IDENTITIES[family.name](options.site ?? 'unknown')
  return { family, metric, convert, buildData: (entity, value) => ({ ...identity(entity), [metric]: value }) }
}

/** Data that identifies an entity, by family. A mapping can say more. */
const IDENTITIES: Readonly<Record<FamilyName, (site: string) => (entity: string) => ReadingData>> = {
  environment: site => sensorId =>
    ({ sensorId, location: { site, latitude: 0, longitude: 0 } }) satisfies EnvironmentReading,
  database: () => instanceId =>
    ({ databaseType: 'unknown', instanceId, tenant: 'default' }) satisfies DatabaseReading,
  device: () => deviceId => ({ deviceId, model: 'unknown' }) satisfies DeviceMotion,
}
