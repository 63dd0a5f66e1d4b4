/**
 * Consumer `activity`: emits events about sensors, devices and databases. It reports sensors that stop or resume reporting, changes
 * of a device's activity, wearers who fall and do not get up, and restarts of databases.
 */

import {
  completeStep,
  type Emission,
  FORGET,
  instant,
  type KeyedProcess,
  type Received,
  reject,
  type StepResult,
  scheduleForgetting,
  type Timer,
} from '#runtime/consumer/index.ts'
import type { EventType } from '../schemas/event-types.ts'
import { toDataschema } from '../telemetry/dataschema.ts'
import {
  type DatabaseReading,
  type DeviceMotion,
  findFamily,
  READING_TYPES,
  type ReadingData,
} from '../telemetry/families.ts'

export const ACTIVITY_CHANGED_TYPE = 'io.sluice.activity.changed.v1' satisfies EventType
export const DEVICE_FALLEN_TYPE = 'io.sluice.device.fallen.v1' satisfies EventType
export const INSTANCE_RESTARTED_TYPE = 'io.sluice.instance.restarted.v1' satisfies EventType
export const SENSOR_RETURNED_TYPE = 'io.sluice.sensor.returned.v1' satisfies EventType
export const SENSOR_SILENT_TYPE = 'io.sluice.sensor.silent.v1' satisfies EventType

const MINUTE_MS = 60_000
/**
 * Time without a reading after which a sensor is reported as silent. Sensors report every few seconds, so some readings may be
 * lost.
 */
const SILENT_AFTER_MS = 5 * MINUTE_MS
/** Time within which an unhurt wearer is expected to get up after a fall. */
const UP_WITHIN_MS = MINUTE_MS
/** Number of days without a reading after which an entity is forgotten. */
const FORGOTTEN_AFTER_DAYS = 1
/** Minimum decrease of memory utilization between two consecutive readings that counts as a restart, in percent of all memory. */
const FREED_PERCENT = 10
/** Maximum time between two readings that are compared to detect a restart. */
const STROKE_MS = 10 * MINUTE_MS
/**
 * CPU utilization, in percent, above which a decrease of memory does not count as a restart. A large query may have ended instead.
 */
const BUSY_PERCENT = 80

/** State of an entity. */
export interface Activity {
  /** Event time of the latest reading. */
  readonly lastMs: number
  readonly isSilent?: boolean
  /** Tags of the latest reading. They are copied to events that a timer emits. */
  readonly tags?: Tags
  /** Current activity of a device, and the time at which it started, in milliseconds since the epoch. */
  readonly doing?: { readonly activity: string; readonly sinceMs: number }
  /** Memory utilization of a database, in percent. */
  readonly memory?: number
  readonly cpu?: number
}

type Tags = Readonly<Record<string, string>>

/**
 * Consumer that emits changes of activity. The reason of a decision is the name of the emitted event, `first` for an unknown
 * entity, `late`, or `unchanged`.
 */
export const activity: KeyedProcess<Activity, ReadingData> = {
  name: 'activity',
  accepts: READING_TYPES,
  allowedLatenessMs: MINUTE_MS,
  // The timer does not fire while the log's clock has stopped: missing readings do not mean that the sensor is silent.
  awaitsLog: timer => timer === 'silent',
  onEvent(state, event) {
    const { data, timeMs, type } = event
    if (data === undefined) return reject('the reading has no data')
    if (state && timeMs < state.lastMs) return completeStep('late', state)
    const family = findFamily(type)?.name
    if (family === 'environment') return onEnvironmentReading(state, event)
    if (family === 'device') return onDeviceMotion(state, event, data as unknown as DeviceMotion)
    return onDatabaseReading(state, event, data as unknown as DatabaseReading)
  },
  onTimer(state, timer): StepResult<Activity> {
    if (timer.name === FORGET) return completeStep('forgotten', undefined)
    if (timer.name === 'silent') return onSilentTimer(state, timer)
    return onFallenTimer(state, timer)
  },
}

function onEnvironmentReading(
  state: Activity | undefined,
  event: Received<ReadingData>,
): StepResult<Activity> {
  const { timeMs } = event
  const timers = [
    { name: 'silent', dueMs: timeMs + SILENT_AFTER_MS },
    ...scheduleForgetting(state?.lastMs, timeMs, FORGOTTEN_AFTER_DAYS),
  ]
  const next = { lastMs: timeMs, ...tagsIn(event) }
  if (!state?.isSilent) return completeStep(state ? 'unchanged' : 'first', next, [], timers)
  const details = { silentSince: instant(state.lastMs), ...tagsIn(event) }
  return completeStep(
    'returned',
    next,
    [createEmission('returned', SENSOR_RETURNED_TYPE, event, details)],
    timers,
  )
}

function onSilentTimer(state: Activity, timer: Timer): StepResult<Activity> {
  const details = { lastSeen: instant(state.lastMs), ...(state.tags && { tags: state.tags }) }
  const emission = createEmission('silent', SENSOR_SILENT_TYPE, timer, details)
  return completeStep('silent', { ...state, isSilent: true }, [emission])
}

function onDeviceMotion(
  state: Activity | undefined,
  event: Received<ReadingData>,
  data: DeviceMotion,
): StepResult<Activity> {
  const { timeMs } = event
  const forget = scheduleForgetting(state?.lastMs, timeMs, FORGOTTEN_AFTER_DAYS)
  const now = data.activity
  const before = state?.doing
  if (now === undefined || now === before?.activity)
    return completeStep(
      state ? 'unchanged' : 'first',
      { ...state, lastMs: timeMs, ...tagsIn(event) },
      [],
      forget,
    )
  const next = { lastMs: timeMs, ...tagsIn(event), doing: { activity: now, sinceMs: timeMs } }
  const timers = [...forget, ...buildFallTimerChange(now, timeMs)]
  if (before === undefined) return completeStep('first', next, [], timers)
  const emission = createEmission('changed', ACTIVITY_CHANGED_TYPE, event, {
    from: before.activity,
    to: now,
    lastedSeconds: (timeMs - before.sinceMs) / 1000,
    ...tagsIn(event),
  })
  return completeStep('changed', next, [emission], timers)
}

/**
 * Returns the change of the timer `fallen` for an activity. Falling starts the timer. Resting leaves it unchanged, because a wearer
 * who rests has not got up. Any other activity cancels the timer.
 */
function buildFallTimerChange(activity: string, timeMs: number) {
  if (activity === 'falling') return [{ name: 'fallen', dueMs: timeMs + UP_WITHIN_MS }]
  return activity === 'resting' ? [] : [{ name: 'fallen' }]
}

function onFallenTimer(state: Activity, timer: Timer): StepResult<Activity> {
  const fellAt = instant(timer.dueMs - UP_WITHIN_MS)
  const details = { fellAt, ...(state.tags && { tags: state.tags }) }
  return completeStep('fallen', state, [createEmission('fallen', DEVICE_FALLEN_TYPE, timer, details)])
}

function onDatabaseReading(
  state: Activity | undefined,
  event: Received<ReadingData>,
  data: DatabaseReading,
): StepResult<Activity> {
  const { timeMs } = event
  const { memoryUsagePercent: memory, cpuUsagePercent: cpu } = data
  const next = {
    lastMs: timeMs,
    ...(memory === undefined ? {} : { memory }),
    ...(cpu === undefined ? {} : { cpu }),
  }
  const forget = scheduleForgetting(state?.lastMs, timeMs, FORGOTTEN_AFTER_DAYS)
  if (!state || memory === undefined || !isRestart(state, memory, timeMs))
    return completeStep(state ? 'unchanged' : 'first', next, [], forget)
  const emission = createEmission('restarted', INSTANCE_RESTARTED_TYPE, event, {
    lastSeen: instant(state.lastMs),
    memoryBefore: state.memory,
    memoryAfter: memory,
    ...(data.tenant === undefined ? {} : { tenant: data.tenant }),
    ...tagsIn(event),
  })
  return completeStep('restarted', next, [emission], forget)
}

function isRestart({ lastMs, memory: before, cpu }: Activity, after: number, timeMs: number): boolean {
  if (before === undefined || timeMs - lastMs > STROKE_MS) return false
  return before - after >= FREED_PERCENT && (cpu ?? 0) < BUSY_PERCENT
}

/** Returns the tags and the tenant of a reading. Rules over several entities group events by these properties. */
function tagsIn({ data }: Pick<Received<ReadingData>, 'data'>): { readonly tags?: Tags } {
  const tags = data?.tags as Tags | undefined
  return tags && Object.keys(tags).length > 0 ? { tags } : {}
}

function createEmission(
  name: string,
  type: string,
  { source, subject, entity }: Pick<Received, 'source' | 'subject' | 'entity'>,
  details: object,
): Emission {
  const about = { source, ...(subject === undefined ? {} : { subject }) }
  return {
    name,
    to: 'events',
    key: entity,
    type,
    source: '/activity',
    ...(subject === undefined ? {} : { subject }),
    dataschema: toDataschema(type),
    data: { entity: about, ...details },
  }
}
