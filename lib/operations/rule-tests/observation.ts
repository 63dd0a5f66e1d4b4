/** Reads observations from test files: readings, and events of the topic `events`. */
import { EVENT_NAMES, EVENTS, isEventName, toEventType } from '../../alerting/patterns/event-names.ts'
import {
  type Dimension,
  FAMILIES,
  type Family,
  type FamilyName,
  type ReadingData,
} from '../../telemetry/families.ts'

/** Reading, or event of the topic `events`, as written in a test file. */
export interface RawObservation {
  /** Event id. A second observation with the same id is a duplicate of the first. */
  readonly id?: string
  readonly event?: string
  readonly table?: string
  readonly entity?: string
  readonly metric?: string
  readonly value?: number | string
  readonly values?: Readonly<Record<string, number | string>>
  readonly unit?: string
  readonly site?: string
  readonly databaseType?: string
  readonly model?: string
  readonly tenant?: string
  readonly tags?: Readonly<Record<string, string>>
}

interface Reading {
  readonly family: FamilyName
  readonly data: ReadingData
}

type Report = (key: string, message: string) => void

/**
 * Returns the reading of an observation, whose family is determined by the metric names. Returns undefined if an error was
 * reported.
 */
export function parseReading(raw: RawObservation, entity: string, report: Report): Reading | undefined {
  const values = raw.values ?? { [raw.metric ?? '']: raw.value ?? 0 }
  const key = raw.values === undefined ? 'metric' : 'values'
  const names = Object.keys(values)
  const family = Object.values(FAMILIES).find(one => names.every(name => hasMetric(one, name)))
  if (family === undefined) {
    const unknown = names.find(name => !Object.values(FAMILIES).some(one => hasMetric(one, name)))
    report(
      key,
      unknown === undefined ? 'metrics of one reading must be of one family' : `unknown metric ${unknown}`,
    )
    return undefined
  }
  for (const [name, value] of Object.entries(values)) {
    const isNumber = Object.hasOwn(family.metrics, name)
    if (isNumber !== (typeof value === 'number'))
      report(raw.values ? key : 'value', `${name} is a ${isNumber ? 'number' : 'text'}`)
  }
  for (const name of DIMENSIONS)
    if (raw[name] !== undefined && family.dimensions[name] === undefined)
      report(name, `readings of the family ${family.name} have none`)
  return {
    family: family.name,
    data: { ...buildIdentity(family.name, raw, entity), ...values, ...(raw.unit && { unit: raw.unit }) },
  }
}

const DIMENSIONS = ['site', 'databaseType', 'model', 'tenant'] as const satisfies readonly Dimension[]

function hasMetric({ metrics, states }: Family, name: string): boolean {
  return Object.hasOwn(metrics, name) || Object.hasOwn(states, name)
}

/** Returns the fields of a reading that identify its entity and the entity's groups. Metrics are not included. */
function buildIdentity(family: FamilyName, raw: RawObservation, entity: string): ReadingData {
  return WHO[family](raw, entity)
}

const WHO: Readonly<Record<FamilyName, (raw: RawObservation, entity: string) => ReadingData>> = {
  environment: (raw, sensorId) => ({
    sensorId,
    location: { site: raw.site ?? 'site-1', latitude: 0, longitude: 0 },
    ...buildTags(raw),
  }),
  database: (raw, instanceId) => ({
    instanceId,
    databaseType: raw.databaseType ?? 'postgres',
    tenant: raw.tenant ?? 'tenant-1',
    ...(raw.tags && { tags: raw.tags }),
  }),
  device: (raw, deviceId) => ({ deviceId, model: raw.model ?? 'model-1', ...buildTags(raw) }),
}

/** Returns the tags of a reading. The tenant becomes a tag if the family has no tenant field. */
function buildTags({ tags, tenant }: RawObservation): { readonly tags?: Readonly<Record<string, string>> } {
  if (tags === undefined && tenant === undefined) return {}
  return { tags: { ...tags, ...(tenant === undefined ? {} : { tenant }) } }
}

export interface Happening {
  /** CloudEvents `type` of the event. */
  readonly type: string
  readonly data: ReadingData
}

const LONG_AGO = '2026-01-01T00:00:00Z'

/** Default data for each event. A test can override it. */
const DEFAULTS: Readonly<Record<keyof typeof EVENTS, ReadingData>> = {
  'activity.changed': { from: 'resting', to: 'walking', lastedSeconds: 60 },
  'device.fallen': { fellAt: LONG_AGO },
  'instance.restarted': { lastSeen: LONG_AGO, memoryBefore: 60, memoryAfter: 20 },
  'sensor.returned': { silentSince: LONG_AGO },
  'sensor.silent': { lastSeen: LONG_AGO },
}

/** Returns the event of an observation. Returns undefined if an error was reported. */
export function parseHappening(
  raw: RawObservation,
  id: string,
  report: (key: string, message: string) => void,
): Happening | undefined {
  const name = raw.event ?? ''
  if (!isEventName(name)) {
    report('event', `unknown event ${name}: use ${EVENT_NAMES.join(', ')}`)
    return undefined
  }
  const { family: familyName } = EVENTS[name]
  const family = FAMILIES[familyName]
  const who = buildIdentity(familyName, raw, id)
  const { tenant, tags } = who
  const data = {
    entity: { source: family.source(who), subject: family.subject(who) },
    ...DEFAULTS[name],
    ...(tenant === undefined ? {} : { tenant }),
    ...(tags === undefined ? {} : { tags }),
    ...raw.values,
  }
  return { type: toEventType(name), data }
}
