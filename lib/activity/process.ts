/**
 * Consumer `activity`: emits events about sensors, devices and databases. It reports sensors that stop or resume reporting, changes
 * of a device's activity, wearers who fall and do not get up, and restarts of databases.
 */

import {
  defineProcess,
  FORGET,
  instant,
  type Received,
  type Step,
  scheduleForgetting,
  type Timer,
  type TypedEvent,
} from '#runtime/consumer'
import type { EventType } from '../schemas/event-types.ts'
import { MINUTE_MS } from '../support/duration.ts'
import { toDataschema } from '../telemetry/dataschema.ts'
import type { Families, Family, FamilyActivity, ReadingData } from '../telemetry/families.ts'

export const ACTIVITY_CHANGED_TYPE = 'io.sluice.activity.changed.v1' satisfies EventType
export const DEVICE_FALLEN_TYPE = 'io.sluice.device.fallen.v1' satisfies EventType
export const INSTANCE_RESTARTED_TYPE = 'io.sluice.instance.restarted.v1' satisfies EventType
export const SENSOR_RETURNED_TYPE = 'io.sluice.sensor.returned.v1' satisfies EventType
export const SENSOR_SILENT_TYPE = 'io.sluice.sensor.silent.v1' satisfies EventType

/** Name of the consumer. */
export const ACTIVITY = 'activity'

/** Number of days without a reading after which an entity is forgotten. */
const FORGOTTEN_AFTER_DAYS = 1

/** State of an entity. */
export interface Activity {
  /** Event time of the latest reading. */
  readonly lastMs: number
  readonly isSilent?: boolean
  /** Tags of the latest reading. They are copied to events that a timer emits. */
  readonly tags?: Tags
  /** Current value of the state that is observed, and the times at which it and a fall started, in milliseconds since the epoch. */
  readonly doing?: { readonly activity: string; readonly sinceMs: number; readonly fellAtMs?: number }
  /** Metrics of the latest reading by which a restart is detected. */
  readonly memory?: number
  readonly cpu?: number
}

type Tags = Readonly<Record<string, string>>

/**
 * Returns the consumer that emits changes of activity, for the families that have settings of it. The reason of a decision is the
 * name of the emitted event, `first` for an unknown entity, `late`, or `unchanged`.
 */
export function createActivity(families: Families) {
  const observed = families.all.filter(({ activity }) => Object.keys(activity).length > 0)
  return defineProcess<Activity, ReadingData>(ACTIVITY, {
    neverChangesState: true,
    accepts: observed.map(({ type }) => type),
    allowedLatenessMs: MINUTE_MS,
    // The timer does not fire while the log's clock has stopped: missing readings do not mean that the sensor is silent.
    awaitsLog: ['silent'],
    onEvent(state, event, step) {
      const family = families.findByType(event.type)
      if (!family) return step.reject('the reading is of an unknown family')
      if (state && event.timeMs < state.lastMs) {
        step.reason('late')
        return state
      }
      return onReading(family, state, event, step)
    },
    onTimer: { [FORGET]: onForget, silent: onSilent, fallen: onFallen },
  })
}

/** Part of a reading's step that one setting of the family determines. */
interface Observed {
  readonly state?: Partial<Activity>
  /** Name of the emitted event. */
  readonly reason?: string
}

type Reading = TypedEvent<ReadingData>

function onReading(family: Family, before: Activity | undefined, event: Reading, step: Step): Activity {
  const { silentAfterMs, changesOf } = family.activity
  const parts = [
    observeReturn(family, before, event, step),
    observeChange(family, before, event, step),
    observeRestart(family, before, event, step),
  ]
  scheduleForgetting(step, before?.lastMs, event.timeMs, FORGOTTEN_AFTER_DAYS)
  step.reason(parts.find(({ reason }) => reason)?.reason ?? (before ? 'unchanged' : 'first'))
  // Only events of timers need the tags of an earlier reading.
  const tags = silentAfterMs === undefined && changesOf === undefined ? {} : getTags(event)
  return Object.assign({ lastMs: event.timeMs }, tags, ...parts.map(({ state }) => state))
}

function onForget(_: Activity, __: Timer, step: Step): undefined {
  step.reason('forgotten')
  return undefined
}

function observeReturn(
  { activity: { silentAfterMs } }: Family,
  before: Activity | undefined,
  event: Reading,
  step: Step,
): Observed {
  if (silentAfterMs === undefined) return {}
  step.timer('silent', silentAfterMs)
  if (!before?.isSilent) return {}
  const details = { silentSince: instant(before.lastMs), ...getTags(event) }
  emitActivity(step, 'returned', SENSOR_RETURNED_TYPE, event, details)
  return { reason: 'returned' }
}

function onSilent(state: Activity, timer: Timer, step: Step): Activity {
  const details = { lastSeen: instant(state.lastMs), ...(state.tags && { tags: state.tags }) }
  emitActivity(step, 'silent', SENSOR_SILENT_TYPE, timer, details)
  step.reason('silent')
  return { ...state, isSilent: true }
}

function observeChange(
  { activity: { changesOf, fall } }: Family,
  before: Activity | undefined,
  event: Reading,
  step: Step,
): Observed {
  if (changesOf === undefined) return {}
  const { timeMs, data } = event
  const now = data[changesOf] as string | undefined
  const doing = before?.doing
  if (now === undefined || now === doing?.activity)
    return {
      state: { ...(before?.tags && { tags: before.tags }), ...getTags(event), ...(doing && { doing }) },
    }
  const fellAtMs = now === fall?.is ? timeMs : fall?.through.includes(now) ? doing?.fellAtMs : undefined
  const state = {
    doing: { activity: now, sinceMs: timeMs, ...(fellAtMs === undefined ? {} : { fellAtMs }) },
  }
  changeFallTimer(step, fall, now)
  if (doing === undefined) return { state, reason: 'first' }
  emitActivity(step, 'changed', ACTIVITY_CHANGED_TYPE, event, {
    from: doing.activity,
    to: now,
    lastedSeconds: (timeMs - doing.sinceMs) / 1000,
    ...getTags(event),
  })
  return { state, reason: 'changed' }
}

/**
 * Changes the timer `fallen` for a state. Falling starts the timer. Values such as resting leave it unchanged, because a wearer who
 * rests has not got up. Any other value cancels the timer.
 */
function changeFallTimer(step: Step, fall: FamilyActivity['fall'], now: string): void {
  if (fall === undefined || fall.through.includes(now)) return
  if (now === fall.is) step.timer('fallen', fall.lastsMs)
  else step.cancel('fallen')
}

function onFallen(state: Activity, timer: Timer, step: Step): Activity {
  // States of former versions do not contain the time.
  const fellAt = instant(state.doing?.fellAtMs ?? timer.dueMs - MINUTE_MS)
  const details = { fellAt, ...(state.tags && { tags: state.tags }) }
  emitActivity(step, 'fallen', DEVICE_FALLEN_TYPE, timer, details)
  step.reason('fallen')
  return state
}

function observeRestart(
  { activity: { restart }, dimensions }: Family,
  before: Activity | undefined,
  event: Reading,
  step: Step,
): Observed {
  if (restart === undefined) return {}
  const { data } = event
  const memory = data[restart.memory] as number | undefined
  const cpu = restart.cpu === undefined ? undefined : (data[restart.cpu] as number | undefined)
  const state = { ...(memory === undefined ? {} : { memory }), ...(cpu === undefined ? {} : { cpu }) }
  if (!before || memory === undefined || !isRestart(restart, before, memory, event.timeMs)) return { state }
  const tenant = dimensions.tenant?.(data)
  emitActivity(step, 'restarted', INSTANCE_RESTARTED_TYPE, event, {
    lastSeen: instant(before.lastMs),
    memoryBefore: before.memory,
    memoryAfter: memory,
    ...(tenant === undefined ? {} : { tenant }),
    ...getTags(event),
  })
  return { state, reason: 'restarted' }
}

/** A decrease while the CPU is busy does not count: a large query may have ended instead. */
function isRestart(
  { falls, withinMs, below = Number.POSITIVE_INFINITY }: NonNullable<FamilyActivity['restart']>,
  { lastMs, memory: before, cpu = Number.NEGATIVE_INFINITY }: Activity,
  after: number,
  timeMs: number,
): boolean {
  if (before === undefined || timeMs - lastMs > withinMs) return false
  return before - after >= falls && cpu < below
}

/** Returns the tags and the tenant of a reading. Rules over several entities group events by these properties. */
function getTags({ data }: Reading): { readonly tags?: Tags } {
  const tags = data.tags as Tags | undefined
  return tags && Object.keys(tags).length > 0 ? { tags } : {}
}

function emitActivity(
  step: Step,
  name: string,
  type: string,
  { source, subject, entity }: Pick<Received, 'source' | 'subject' | 'entity'>,
  details: object,
): void {
  const about = { source, ...(subject === undefined ? {} : { subject }) }
  const attributes = { key: entity, type, subject: subject ?? null, dataschema: toDataschema(type) }
  step.emit('events', name, { entity: about, ...details }, attributes)
}
