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
import { conversion, unitsFor } from '../../telemetry/units.ts'
import { usageFailure } from '../failure.ts'

/** Options that describe an entity in addition to its id. Each family supports some of them. */
interface IdentityOptions {
  readonly site?: string
  readonly latitude?: number
  readonly longitude?: number
  readonly databaseType?: string
  readonly model?: string
  readonly tenant?: string
}

export interface SeriesOptions extends IdentityOptions {
  readonly family: FamilyName
  readonly metric?: string
  readonly unit?: string
}

export interface Series {
  readonly family: Family
  readonly metric: string
  /** Converts a value from the column's unit to the unit of the metric. */
  readonly convert: (value: number) => number
  /** Returns the data of a reading. `value` must be in the unit of the metric. */
  readonly dataOf: (entity: string, value: number) => ReadingData
}

/**
 * Returns the series that the options describe.
 *
 * @throws OperationFailure if the family does not support an option
 */
export function seriesOf(options: SeriesOptions): Series {
  const family = FAMILIES[options.family]
  const metrics = Object.keys(family.metrics)
  const metric = options.metric ?? (metrics[0] as string)
  const unit = family.metrics[metric]
  if (unit === undefined || !Object.hasOwn(family.metrics, metric))
    throw usageFailure(`--metric ${metric}: readings of ${family.name} have ${metrics.join(', ')}`)
  const convert = conversion(unit, options.unit ?? unit)
  if (convert === undefined)
    throw usageFailure(`--unit ${options.unit}: ${metric} can be converted from ${unitsFor(unit)}`)
  const identity = identityOf(family.name, options)
  return { family, metric, convert, dataOf: (entity, value) => ({ ...identity(entity), [metric]: value }) }
}

type Identity = (entity: string) => ReadingData

interface IdentityFields {
  readonly takes: readonly (keyof IdentityOptions)[]
  readonly identity: (options: IdentityOptions) => Identity
}

const IDENTITIES: Readonly<Record<FamilyName, IdentityFields>> = {
  environment: {
    takes: ['site', 'latitude', 'longitude', 'tenant'],
    identity({ site = 'unknown', latitude = 0, longitude = 0, tenant }) {
      const fields = { location: { site, latitude, longitude }, ...tagged(tenant) }
      return sensorId => ({ sensorId, ...fields }) satisfies EnvironmentReading
    },
  },
  database: {
    takes: ['databaseType', 'tenant'],
    identity({ databaseType = 'unknown', tenant = 'default' }) {
      return instanceId => ({ databaseType, instanceId, tenant }) satisfies DatabaseReading
    },
  },
  device: {
    takes: ['model', 'tenant'],
    identity({ model = 'unknown', tenant }) {
      return deviceId => ({ deviceId, model, ...tagged(tenant) }) satisfies DeviceMotion
    },
  },
}

const FLAGS: Readonly<Record<keyof IdentityOptions, string>> = {
  site: '--site',
  latitude: '--latitude',
  longitude: '--longitude',
  databaseType: '--database-type',
  model: '--model',
  tenant: '--tenant',
}

function identityOf(family: FamilyName, options: IdentityOptions): Identity {
  const { takes, identity } = IDENTITIES[family]
  const names = Object.keys(FLAGS) as (keyof IdentityOptions)[]
  const unfit = names.find(name => options[name] !== undefined && !takes.includes(name))
  if (unfit)
    throw usageFailure(
      `${FLAGS[unfit]} does not apply to readings of ${family}; use ${takes.map(name => FLAGS[name]).join(', ')}`,
    )
  return identity(options)
}

/** Returns the tenant as a tag. Families without a tenant field use this tag for the key strategy `tenant`. */
function tagged(tenant: string | undefined): { tags?: { tenant: string } } {
  return tenant === undefined ? {} : { tags: { tenant } }
}
