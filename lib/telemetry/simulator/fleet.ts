/** Simulated sensors. A fleet is defined as a list of groups of similar sensors. Pure. */

import type { Families } from '../families.ts'
import { SITES, type Site } from './sites.ts'

export type Sensor = EnvironmentSensor | DatabaseInstance | Device

/** Families that have a model of their own, which `simulate.ts` applies. Readings of other families cannot be simulated. */
export const MODELLED = ['environment', 'database', 'device'] as const
export type SimulatedFamily = (typeof MODELLED)[number]

export const DEFAULT_FAMILY: SimulatedFamily = 'environment'

/** Returns the families whose readings can be simulated. */
export function listSimulated(families: Families): readonly SimulatedFamily[] {
  return MODELLED.filter(name => families.names.includes(name))
}

/** Returns the metrics of simulated families. @param named the families; by default all that can be simulated */
export function listSimulatedMetrics(
  families: Families,
  named: readonly SimulatedFamily[] = listSimulated(families),
): readonly string[] {
  return named.flatMap(name => Object.keys(families.get(name).metrics))
}

interface Common {
  readonly id: string
  readonly tenant: string
  /** Metrics in the sensor's readings; absent if the readings have all metrics of the family. */
  readonly metrics?: readonly string[]
}

export interface EnvironmentSensor extends Common {
  readonly family: 'environment'
  readonly site: Site
}

export interface DatabaseInstance extends Common {
  readonly family: 'database'
  readonly databaseType: string
  /** Longitude of the users, in degrees. Their working day determines the load. */
  readonly longitude: number
  /** Number of connections at full load. */
  readonly connections: number
}

export interface Device extends Common {
  readonly family: 'device'
  readonly model: string
  /** Longitude of the wearer, in degrees. It determines the times of day and night. */
  readonly longitude: number
}

/** Group of sensors of one family. Sites, types and tenants are assigned to the sensors in turn. */
export interface FleetGroup {
  readonly family: SimulatedFamily
  /** Number of sensors. Defaults to the number of `ids`, or to 1. */
  readonly sensors?: number
  readonly ids?: readonly string[]
  /**
   * Pattern of the ids, used if `ids` is absent. `{n}` is the number, `{n:3}` is the number padded to three digits, and `{site}` is
   * the site.
   */
  readonly idPattern?: string
  /** Sites of the sensors, which are names in `SITES`. */
  readonly sites?: readonly string[]
  /** Types of databases or models of devices, depending on the family. */
  readonly types?: readonly string[]
  readonly tenants?: readonly string[]
  readonly metrics?: readonly string[]
  readonly connections?: number
}

/** Short names that can be used for metrics. */
const ALIASES: Readonly<Record<string, string>> = { temp: 'temperature', wind: 'windSpeed' }

export function metricNamed(name: string): string {
  return ALIASES[name] ?? name
}

/**
 * Restricts the readings of sensors to some metrics, and leaves out sensors whose family has none of them. Sensors whose group
 * already specifies metrics are not changed.
 */
export function withMetrics(
  families: Families,
  fleet: readonly Sensor[],
  metrics: readonly string[],
): readonly Sensor[] {
  return fleet.flatMap(sensor => {
    if (sensor.metrics) return [sensor]
    const own = metrics.filter(metric => Object.hasOwn(families.get(sensor.family).metrics, metric))
    return own.length === 0 ? [] : [{ ...sensor, metrics: own }]
  })
}

const SHIPPED_FLEET: readonly FleetGroup[] = [
  { family: 'environment', ids: ['rtm-quay', 'rtm-roof'], sites: ['rotterdam'], tenants: ['harbour'] },
  { family: 'environment', ids: ['osa-garden', 'osa-roof'], sites: ['osaka'], tenants: ['campus'] },
  { family: 'environment', ids: ['vap-hill', 'vap-pier'], sites: ['valparaiso'], tenants: ['harbour'] },
  { family: 'database', ids: ['pg-orders'], types: ['postgresql'], tenants: ['shop'], connections: 320 },
  {
    family: 'database',
    ids: ['pg-ledger'],
    sites: ['osaka'],
    types: ['postgresql'],
    tenants: ['bank'],
    connections: 180,
  },
  {
    family: 'database',
    ids: ['my-catalog'],
    sites: ['valparaiso'],
    types: ['mysql'],
    tenants: ['shop'],
    connections: 240,
  },
  { family: 'database', ids: ['mongo-profiles'], types: ['mongodb'], tenants: ['bank'], connections: 150 },
  { family: 'device', ids: ['band-01', 'band-02'], types: ['motion-band-2'], tenants: ['clinic'] },
  { family: 'device', ids: ['band-03'], sites: ['osaka'], types: ['motion-band-2'], tenants: ['clinic'] },
  { family: 'device', ids: ['tag-01'], sites: ['osaka'], types: ['asset-tag-1'], tenants: ['campus'] },
  { family: 'device', ids: ['tag-02'], sites: ['valparaiso'], types: ['asset-tag-1'], tenants: ['campus'] },
]

/** Returns the sensors that are simulated by default: those of the families that the project has. */
export function createDefaultFleet(families: Families): readonly Sensor[] {
  const groups = SHIPPED_FLEET.filter(({ family }) => families.names.includes(family))
  return createSensors(groups)
}

const PREFIXES: Readonly<Record<SimulatedFamily, string>> = {
  environment: 'ws',
  database: 'db',
  device: 'dev',
}
const DEFAULT_SITES = ['rotterdam']
const DEFAULT_TYPES: Readonly<Record<SimulatedFamily, readonly string[]>> = {
  environment: [],
  database: ['postgresql', 'mysql', 'mongodb'],
  device: ['motion-band-2', 'asset-tag-1'],
}
const DEFAULT_TENANTS = ['default']
const DEFAULT_CONNECTIONS = 200
/** Maximum number of sensors. It limits the memory use of a generator. */
export const MAX_SENSORS = 100_000
/** Number of a sensor in the pattern of its id. */
export const ID_NUMBER = /\{n(?::([1-9]))?\}/

/** Returns all sensors of a fleet, in the order of its groups. */
export function createSensors(groups: readonly FleetGroup[]): readonly Sensor[] {
  return groups.flatMap(createGroupSensors)
}

export function countSensors({ sensors, ids }: Pick<FleetGroup, 'sensors' | 'ids'>): number {
  return sensors ?? ids?.length ?? 1
}

function createGroupSensors(group: FleetGroup): Sensor[] {
  const { family, ids, metrics, connections = DEFAULT_CONNECTIONS } = group
  const { tenants = DEFAULT_TENANTS, types = DEFAULT_TYPES[family] } = group
  const sites = (group.sites ?? DEFAULT_SITES).map(name => SITES.get(name) as Site)
  const pattern = group.idPattern ?? `${PREFIXES[family]}_${group.sites ? '{site}_' : ''}{n:3}`
  return Array.from({ length: countSensors(group) }, (_, index) => {
    const site = inTurn(sites, index)
    // If the site is part of the id, each site has its own numbers.
    const number = 1 + (pattern.includes('{site}') ? Math.floor(index / sites.length) : index)
    const common = {
      id: ids?.[index] ?? formatId(pattern, number, site),
      tenant: inTurn(tenants, index),
      ...(metrics && { metrics }),
    }
    const longitude = Math.round(site.longitude * 100) / 100
    if (family === 'environment') return { family, ...common, site }
    const type = inTurn(types, index)
    return family === 'database'
      ? { family, ...common, databaseType: type, longitude, connections }
      : { family, ...common, model: type, longitude }
  })
}

function formatId(pattern: string, number: number, { site }: Site): string {
  const numbered = pattern.replace(ID_NUMBER, (_, width = '1') => String(number).padStart(Number(width), '0'))
  return numbered.replace('{site}', site)
}

function inTurn<T>(values: readonly T[], index: number): T {
  return values[index % values.length] as T
}
