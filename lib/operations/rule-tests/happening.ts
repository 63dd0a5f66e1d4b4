/** Reads events of the topic `events` from test files. */
import { EVENT_NAMES, EVENTS, isEventName, typeOfEvent } from '../../alerting/patterns/events.ts'
import { type Facts, factsOfEvent } from '../../alerting/patterns/facts.ts'
import { FAMILIES, type ReadingData } from '../../telemetry/families.ts'
import { type RawObservation, whoIn } from './observation.ts'

export interface Happening {
  /** CloudEvents `type` of the event. */
  readonly type: string
  readonly data: ReadingData & Pick<Facts, 'entity'>
  /** Facts that patterns evaluate. */
  readonly facts: Facts
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
export function happeningOf(
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
  const who = whoIn(familyName, raw, id)
  const { tenant, tags } = who
  const data = {
    entity: { source: family.source(who), subject: family.subject(who) },
    ...DEFAULTS[name],
    ...(tenant === undefined ? {} : { tenant }),
    ...(tags === undefined ? {} : { tags }),
    ...raw.values,
  }
  return { type: typeOfEvent(name), data, facts: factsOfEvent(name, familyName, 0, data) }
}
