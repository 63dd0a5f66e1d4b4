/** Fields of readings that a mapping can set, for each family, as in the schemas of events. */
import { FAMILIES, type FamilyName } from '../telemetry/families.ts'
import type { FieldSource } from './mapping.ts'

type Kind = FieldSource['kind']

/** Fields that identify the entity. A reading without one of them is not valid. */
const IDENTITY: Readonly<Record<FamilyName, Readonly<Record<string, Kind>>>> = {
  environment: {
    sensorId: 'text',
    'location.site': 'text',
    'location.latitude': 'number',
    'location.longitude': 'number',
  },
  database: { databaseType: 'text', instanceId: 'text', tenant: 'text' },
  device: { deviceId: 'text', model: 'text' },
}

const EVERYWHERE = { unit: 'text', tags: 'labels' } as const

/**
 * Returns the types of all targets by their dotted path in the data of a reading. A target can also be a single tag, such as
 * `tags.room`, which is a text.
 */
export function getTargets(name: FamilyName): ReadonlyMap<string, Kind> {
  const { metrics, states } = FAMILIES[name]
  return new Map<string, Kind>([
    ...Object.entries(IDENTITY[name]),
    ...Object.keys(metrics).map(metric => [metric, 'number'] as const),
    ...Object.keys(states).map(state => [state, 'text'] as const),
    ...Object.entries(EVERYWHERE),
  ])
}

export function requiredTargets(name: FamilyName): readonly string[] {
  return Object.keys(IDENTITY[name])
}

export const TAG = /^tags\.(.+)$/
