/** States of an entity in the consumer `processor`: what readings and timers change, and the events about minutes. Pure. */
import type { Received, Step } from '#runtime/consumer'
import type { EventType } from '../schemas/event-types.ts'
import type { StateSummary } from '../schemas/types.ts'
import { toDataschema } from '../telemetry/dataschema.ts'
import type { Family, observations } from '../telemetry/families.ts'
import type { Changes } from './known.ts'
import {
  addStateReading,
  type ClosedMinutes,
  closeSilent,
  getHoldMs,
  getNewestValue,
  type HeldValue,
  type StateTimes,
  sumPeriod,
  type TimeInValues,
  type TimesStep,
} from './state-times.ts'

export const STATE_TYPE = 'io.sluice.analytics.state.v1' satisfies EventType

/** Times of the states of an entity, by the name of the state. */
export type EntityStates = Readonly<Record<string, StateTimes>>

/** Prefix of the names of timers that close the minutes of a silent entity. The name of the state follows. */
const SILENT = 'silent '

type About = Pick<Received, 'source' | 'subject' | 'entity'>
/** Parts of a step that the states of an entity need. */
type StatesStep = Pick<Step, 'emit' | 'timerAt'>

/**
 * Adds the states of a reading, sets their timers and emits the minutes that it closes.
 *
 * @returns the states, and the reason of the first one; undefined if the reading has no state
 */
export function countStates(
  step: StatesStep,
  family: Family,
  before: EntityStates | undefined,
  event: About & Pick<Received, 'timeMs'>,
  observed: ReturnType<typeof observations>,
  changes: Changes,
): { readonly states: EntityStates; readonly reason: TimesStep['reason'] } | undefined {
  let states: Record<string, StateTimes> | undefined
  let reason: TimesStep['reason'] | undefined
  for (const [state, value] of observed) {
    const changed = changes.get(state) ?? 0
    const known = before && Object.hasOwn(before, state) ? before[state] : undefined
    // Values of another list mean something else: their times begin anew.
    const own = (known?.changes ?? 0) === changed ? known : undefined
    const counted = addStateReading(own, value, event.timeMs, getHoldMs(family))
    if (counted.silentAtMs !== undefined) step.timerAt(SILENT + state, counted.silentAtMs)
    emitMinutes(step, counted.closed, family.name, state, event)
    states ??= { ...before }
    states[state] = changed > 0 ? { ...counted.times, changes: changed } : counted.times
    reason ??= counted.reason
  }
  return states && reason && { states, reason }
}

/** Closes the minutes of a state whose entity is silent, when its timer fires. */
export function closeSilentState(
  step: StatesStep,
  family: string,
  before: EntityStates,
  timer: About & { readonly name: string; readonly dueMs: number },
): EntityStates {
  const state = timer.name.slice(SILENT.length)
  const own = before[state]
  if (!own) return before
  const { times, closed, endMs } = closeSilent(own)
  if (endMs > timer.dueMs) {
    // The family has been changed: its values hold for longer than when the timer was set.
    step.timerAt(timer.name, endMs)
    return before
  }
  emitMinutes(step, closed, family, state, timer)
  return { ...before, [state]: times }
}

function emitMinutes(
  step: Pick<Step, 'emit'>,
  closed: readonly ClosedMinutes[],
  family: string,
  state: string,
  { source, subject, entity }: About,
): void {
  for (const { fromMs, toMs, revision, ms, value, sinceMs } of closed) {
    const windowStart = new Date(fromMs).toISOString()
    const data: StateSummary = {
      entity: { source, ...(subject !== undefined && { subject }) },
      family,
      state,
      windowStart,
      windowEnd: new Date(toMs).toISOString(),
      revision,
      seconds: toSeconds(ms),
      ...(value !== undefined && { value }),
      since: new Date(sinceMs).toISOString(),
    }
    step.emit('analytics', `state ${state} ${windowStart} revision ${revision}`, data, {
      key: entity,
      type: STATE_TYPE,
      subject: subject ?? null,
      dataschema: toDataschema(STATE_TYPE),
    })
  }
}

/** Returns the time in each value in seconds. */
export function toSeconds(ms: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(ms).map(([value, time]) => [value, time / 1000]))
}

/** Times of a state as faces show them. */
export interface ShownState extends HeldValue {
  /** Event time of the newest reading, in milliseconds since the epoch. */
  readonly lastMs: number
  readonly count: number
  /** Number of readings that came later than the grace. */
  readonly late: number
  /** Time in each value in the last hour and day before the newest reading or closed minute. */
  readonly hour: TimeInValues
  readonly day: TimeInValues
}

/** Returns the states as faces show them. @param nowMs current time, at which a value may have ceased to hold */
export function showStates(states: EntityStates = {}, nowMs?: number): Readonly<Record<string, ShownState>> {
  return Object.fromEntries(
    Object.entries(states).map(([state, times]) => [
      state,
      {
        ...getNewestValue(times, nowMs),
        count: times.count,
        late: times.late ?? 0,
        hour: sumPeriod(times, 'hour'),
        day: sumPeriod(times, 'day'),
      },
    ]),
  )
}
