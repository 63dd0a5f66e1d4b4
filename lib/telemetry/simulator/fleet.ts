/** The simulated sensors, and their normal values. */
import type { Location } from '../families.ts'

export type Sensor = EnvironmentSensor | DatabaseInstance | Device

export interface EnvironmentSensor {
  readonly family: 'environment'
  readonly id: string
  readonly tenant: string
  readonly site: Site
}

/** Temperatures in °C: the mean of the year, and the amplitudes over the year and over the day. */
interface Site extends Location {
  readonly mean: number
  readonly yearly: number
  readonly daily: number
}

export interface DatabaseInstance {
  readonly family: 'database'
  readonly id: string
  readonly tenant: string
  readonly databaseType: string
  /** Longitude in degrees of the users, whose working day determines the load. */
  readonly longitude: number
  /** Connections at full load. */
  readonly connections: number
}

export interface Device {
  readonly family: 'device'
  readonly id: string
  readonly tenant: string
  readonly model: string
  /** Longitude in degrees of the wearer, which determines night and day. */
  readonly longitude: number
}

const rotterdam = site('rotterdam', 51.9225, 4.4792, { mean: 12, yearly: 6, daily: 3 })
const osaka = site('osaka', 34.6937, 135.5023, { mean: 17, yearly: 9, daily: 4 })
const valparaiso = site('valparaiso', -33.0472, -71.6127, { mean: 15, yearly: 4, daily: 5 })

export const FLEET: readonly Sensor[] = [
  sensor('rtm-quay', 'harbour', rotterdam),
  sensor('rtm-roof', 'harbour', rotterdam),
  sensor('osa-garden', 'campus', osaka),
  sensor('osa-roof', 'campus', osaka),
  sensor('vap-hill', 'harbour', valparaiso),
  sensor('vap-pier', 'harbour', valparaiso),
  database('pg-orders', 'shop', 'postgresql', 4.48, 320),
  database('pg-ledger', 'bank', 'postgresql', 135.5, 180),
  database('my-catalog', 'shop', 'mysql', -71.61, 240),
  database('mongo-profiles', 'bank', 'mongodb', 4.48, 150),
  device('band-01', 'clinic', 'motion-band-2', 4.48),
  device('band-02', 'clinic', 'motion-band-2', 4.48),
  device('band-03', 'clinic', 'motion-band-2', 135.5),
  device('tag-01', 'campus', 'asset-tag-1', 135.5),
  device('tag-02', 'campus', 'asset-tag-1', -71.61),
]

function site(
  name: string,
  latitude: number,
  longitude: number,
  climate: Pick<Site, 'mean' | 'yearly' | 'daily'>,
): Site {
  return { site: name, latitude, longitude, ...climate }
}

function sensor(id: string, tenant: string, at: Site): EnvironmentSensor {
  return { family: 'environment', id, tenant, site: at }
}

function database(
  id: string,
  tenant: string,
  databaseType: string,
  longitude: number,
  connections: number,
): DatabaseInstance {
  return { family: 'database', id, tenant, databaseType, longitude, connections }
}

function device(id: string, tenant: string, model: string, longitude: number): Device {
  return { family: 'device', id, tenant, model, longitude }
}
