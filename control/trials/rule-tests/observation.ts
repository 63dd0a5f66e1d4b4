/** Reads observations from test files: readings, and events of the topic `events`. */
import {
  EVENT_NAMES,
  type EventName,
  isEventName,
  listEventFamilies,
  toEventType,
} from '../../../lib/alerting/index.ts'
import { describeUnknown } from '../../../lib/support/suggestion.ts'
import {
  buildEntityData,
  type Families,
  type Family,
  isOtherMetric,
  type ReadingData,
} from '../../../lib/telemetry/index.ts'

/** Keys of an observation. All other keys are dimensions of the entity. */
interface OwnKeys {
  /** Event id. A second observation with the same id is a duplicate of the first. */
  readonly id?: string
  readonly event?: string
  readonly table?: string
  readonly entity?: string
  readonly family?: string
  readonly metric?: string
  readonly value?: number | string
  readonly values?: Readonly<Record<string, number | string>>
  readonly unit?: string
  readonly tags?: Readonly<Record<string, string>>
}

/** Reading, or event of the topic `events`, as written in a test file. */
export type RawObservation = OwnKeys & Readonly<Record<string, unknown>>

const OWN_KEYS: ReadonlySet<string> = new Set([
  ...['at', 'id', 'event', 'table', 'tick', 'rules', 'entity', 'family', 'metric', 'value', 'values', 'unit'],
  'tags',
])

interface Reading {
  readonly family: string
  readonly data: ReadingData
}

type Report = (key: string, message: string) => void

/**
 * Returns the reading of an observation, whose family is determined by the metric names unless it is named. Returns undefined if an
 * error was reported.
 */
export function parseReading(
  families: Families,
  raw: RawObservation,
  entity: string,
  report: Report,
): Reading | undefined {
  const values = raw.values ?? { [raw.metric ?? '']: raw.value ?? 0 }
  const key = raw.values === undefined ? 'metric' : 'values'
  const family = resolveFamily(families, raw, Object.keys(values), key, report)
  if (family === undefined) return undefined
  for (const [name, value] of Object.entries(values)) {
    const isNumber = !Object.hasOwn(family.states, name)
    if (isNumber !== (typeof value === 'number'))
      report(raw.values ? key : 'value', `${name} is a ${isNumber ? 'number' : 'text'}`)
  }
  const data = {
    ...buildIdentity(family, raw, entity, report),
    ...values,
    ...(raw.unit && { unit: raw.unit }),
  }
  return { family: family.name, data }
}

/** Returns the family of a reading. Metrics that no family declares need the name of a family that has `others`. */
function resolveFamily(
  families: Families,
  { family: named }: RawObservation,
  names: readonly string[],
  key: string,
  report: Report,
): Family | undefined {
  const { all } = families
  const possible = named === undefined ? all : all.filter(({ name }) => name === named)
  const hasMetric = (family: Family, name: string) =>
    isDeclared(family, name) || (named !== undefined && isOtherMetric(family, name))
  const [found, other] = possible.filter(family => names.every(name => hasMetric(family, name)))
  if (found && !other) return found
  const unknown = names.find(name => !possible.some(family => hasMetric(family, name)))
  const metrics = possible.flatMap(family => Object.keys(family.metrics))
  if (named !== undefined && possible.length === 0)
    report('family', describeUnknown('family', named, families.names))
  else if (found && other)
    report(key, `${found.name} and ${other.name} have ${names.join(', ')}: name one of them with family`)
  else if (unknown === undefined) report(key, 'metrics of one reading must be of one family')
  else report(key, describeUnknown('metric', unknown, metrics))
  return undefined
}

function isDeclared({ metrics, states }: Family, name: string): boolean {
  return Object.hasOwn(metrics, name) || Object.hasOwn(states, name)
}

/** Returns the fields of a reading that identify its entity and the entity's groups. Metrics are not included. */
function buildIdentity(family: Family, raw: RawObservation, entity: string, report: Report): ReadingData {
  const dimensions: Record<string, string> = {}
  const known = Object.keys(family.dimensions)
  for (const [name, value] of Object.entries(raw)) {
    if (OWN_KEYS.has(name)) continue
    if (Object.hasOwn(family.dimensions, name)) dimensions[name] = String(value)
    else report(name, describeUnknown(`key or dimension of ${family.name}`, name, [...known, ...OWN_KEYS]))
  }
  return buildEntityData(family, entity, { dimensions, tags: raw.tags })
}

export interface TestEvent {
  /** CloudEvents `type` of the event. */
  readonly type: string
  readonly data: ReadingData
}

const LONG_AGO = '2026-01-01T00:00:00Z'

/** Default data for each event. A test can override it. */
const DEFAULTS: Readonly<Record<EventName, ReadingData>> = {
  'activity.changed': { from: 'resting', to: 'walking', lastedSeconds: 60 },
  'device.fallen': { fellAt: LONG_AGO },
  'instance.restarted': { lastSeen: LONG_AGO, memoryBefore: 60, memoryAfter: 20 },
  'sensor.returned': { silentSince: LONG_AGO },
  'sensor.silent': { lastSeen: LONG_AGO },
}

/** Returns the event of an observation. Returns undefined if an error was reported. */
export function parseTestEvent(
  families: Families,
  raw: RawObservation,
  id: string,
  report: (key: string, message: string) => void,
): TestEvent | undefined {
  const name = raw.event ?? ''
  if (!isEventName(name)) {
    report('event', describeUnknown('event', name, EVENT_NAMES))
    return undefined
  }
  const family = findEventFamily(families, raw, name)
  if (family === undefined) {
    report('event', 'no family of the project has such events')
    return undefined
  }
  const who = buildIdentity(family, raw, id, report)
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

/** Returns the family of the entity of an event: the named one, or the first one that has all dimensions of the observation. */
function findEventFamily(families: Families, raw: RawObservation, event: EventName): Family | undefined {
  const all = listEventFamilies(families, event)
  const dimensions = Object.keys(raw).filter(name => !OWN_KEYS.has(name))
  const named = all.find(({ name }) => name === raw.family)
  const fitting = all.find(family => dimensions.every(name => Object.hasOwn(family.dimensions, name)))
  return named ?? fitting ?? all[0]
}
