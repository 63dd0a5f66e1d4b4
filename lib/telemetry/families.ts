/**
 * Table of the telemetry families: event type, subject, metrics and record key of their readings. Schemas, the simulator, imports,
 * rules and statistics use this table.
 */

import type { EventType } from '../schemas/event-types.ts'
import type { EnvironmentReading } from '../schemas/types.ts'
import { toDataschema } from './dataschema.ts'
import type { NamedStrategy } from './key.ts'

export type { DatabaseReading, DeviceMotion, EnvironmentReading } from '../schemas/types.ts'

export type FamilyName = 'environment' | 'database' | 'device'

export interface Family {
  readonly name: FamilyName
  /** CloudEvents `type` of readings of this family. */
  readonly type: EventType
  /** CloudEvents `dataschema` of readings: the id of the packaged schema in `events/schemas/`. */
  readonly dataschema: string
  /** Unit of each metric, by the name of the metric in `data`. See `units.ts`. */
  readonly metrics: Readonly<Record<string, string>>
  /** Smallest and largest possible value of a metric, as in its schema. Metrics that are not listed have no bounds. */
  readonly bounds: Readonly<Record<string, readonly [least: number, most: number]>>
  /** Text fields of readings, by their name in `data`. A value lists the allowed texts, or is null if all texts are allowed. */
  readonly states: Readonly<Record<string, readonly string[] | null>>
  /** Functions that return the dimensions of a reading, by the name of the dimension in rules. */
  readonly dimensions: Readonly<Partial<Record<Dimension, (data: ReadingData) => unknown>>>
  /** Returns the CloudEvents `source` of a reading. */
  readonly source: (data: ReadingData) => string
  readonly subject: (data: ReadingData) => string
  /** Dotted paths of the data fields from which source and subject are derived. */
  readonly entityFields: readonly string[]
  readonly keys: Readonly<Record<Exclude<NamedStrategy, 'random'>, (data: ReadingData) => string>>
  /** Key strategy that is used by default. */
  readonly keyedBy: NamedStrategy
}

/** Properties that rules can match, in addition to the entity and its tags. */
export type Dimension = 'site' | 'databaseType' | 'model' | 'tenant'

export type Location = EnvironmentReading['location']

/** Data of a reading of any family. */
export type ReadingData = Readonly<Record<string, unknown>>

const text = (data: ReadingData, field: string) => String(data[field])
const site = (data: ReadingData) => text(data.location as ReadingData, 'site')
const getTenantKey = (data: ReadingData) =>
  String((data.tags as ReadingData | undefined)?.tenant ?? 'untagged')
const getTenantTag = (data: ReadingData) => (data.tags as ReadingData | undefined)?.tenant
const NEVER_NEGATIVE = [0, Number.POSITIVE_INFINITY] as const
/** Encodes a segment of a URI path, so that the source is a valid URI reference for every id. */
const segment = (value: string) => encodeURIComponent(value)

export const FAMILIES: Readonly<Record<FamilyName, Family>> = {
  environment: {
    name: 'environment',
    type: 'io.sluice.environment.reading.v1',
    dataschema: toDataschema('io.sluice.environment.reading.v1'),
    metrics: { temperature: '°C', humidity: '%', pressure: 'hPa', windSpeed: 'km/h' },
    bounds: { humidity: [0, 100], pressure: NEVER_NEGATIVE, windSpeed: NEVER_NEGATIVE },
    states: { status: ['ok', 'degraded', 'maintenance'] },
    dimensions: { site: data => (data.location as ReadingData | undefined)?.site, tenant: getTenantTag },
    source: data => `/environment/${segment(site(data))}`,
    subject: data => text(data, 'sensorId'),
    entityFields: ['location.site', 'sensorId'],
    keys: { instance: data => text(data, 'sensorId'), type: site, tenant: getTenantKey },
    keyedBy: 'instance',
  },
  database: {
    name: 'database',
    type: 'io.sluice.database.reading.v1',
    dataschema: toDataschema('io.sluice.database.reading.v1'),
    metrics: {
      cpuUsagePercent: '%',
      memoryUsagePercent: '%',
      activeConnections: '1',
      queryLatencyMs: 'ms',
      replicationLagSeconds: 's',
    },
    bounds: {
      cpuUsagePercent: [0, 100],
      memoryUsagePercent: [0, 100],
      activeConnections: NEVER_NEGATIVE,
      queryLatencyMs: NEVER_NEGATIVE,
      replicationLagSeconds: NEVER_NEGATIVE,
    },
    states: {},
    dimensions: { databaseType: data => data.databaseType, tenant: data => data.tenant },
    source: data => `/database/${segment(text(data, 'databaseType'))}`,
    subject: data => text(data, 'instanceId'),
    entityFields: ['databaseType', 'instanceId'],
    keys: {
      instance: data => `${text(data, 'databaseType')}:${text(data, 'instanceId')}`,
      type: data => text(data, 'databaseType'),
      tenant: data => text(data, 'tenant'),
    },
    keyedBy: 'instance',
  },
  device: {
    name: 'device',
    type: 'io.sluice.device.motion.v1',
    dataschema: toDataschema('io.sluice.device.motion.v1'),
    metrics: { x: 'm/s²', y: 'm/s²', z: 'm/s²' },
    bounds: {},
    states: { activity: null },
    dimensions: { model: data => data.model, tenant: getTenantTag },
    source: data => `/device/${segment(text(data, 'model'))}`,
    subject: data => text(data, 'deviceId'),
    entityFields: ['model', 'deviceId'],
    keys: {
      instance: data => text(data, 'deviceId'),
      type: data => text(data, 'model'),
      tenant: getTenantKey,
    },
    keyedBy: 'type',
  },
}

export const READING_TYPES: readonly string[] = Object.values(FAMILIES).map(family => family.type)

const BY_TYPE: ReadonlyMap<string, Family> = new Map(
  Object.values(FAMILIES).map(family => [family.type, family]),
)

/** Returns the family of an event type; undefined if events of the type are not readings. */
export function findFamily(type: string): Family | undefined {
  return BY_TYPE.get(type)
}

/**
 * Returns the metrics of a reading, in the order of the family's table. Avro and Protobuf can contain NaN and infinite numbers.
 * These values are omitted, because they would clear every alert and make every mean invalid.
 */
export function measurements(family: Family, data: ReadingData): [metric: string, value: number][] {
  return Object.keys(family.metrics).flatMap(metric => {
    const value = data[metric]
    return typeof value === 'number' && Number.isFinite(value) ? [[metric, value] as [string, number]] : []
  })
}
