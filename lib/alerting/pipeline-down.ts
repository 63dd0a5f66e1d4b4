/**
 * Alert about the whole pipeline, which fires when the ticks of the clock have stopped. Every partition of readings detects this.
 * The alert id is derived from the time of the last tick, which is the same in all partitions, so that an outage fires only one
 * alert. Pure.
 */
import {
  derivedId,
  formatEntity,
  instant,
  type Received,
  type Step,
  type Timer,
  type TypedEvent,
} from '#runtime/consumer'
import { CLOCK_SOURCE, type Tick } from '../telemetry/tick.ts'
import { emitAlert, type FiredAlert, resolvedAlert } from './alert.ts'
import type { AlertingState } from './entity-state.ts'
import type { TransitionReason } from './reasons.ts'

export const PIPELINE_DOWN = 'PIPELINE_DOWN'

/** Name of the timer that each tick sets again. */
export const PIPELINE_DOWN_TIMER = 'pipeline-down'

/** Time without a tick after which the alert fires. The clock normally ticks every minute. */
const DOWN_AFTER_MS = 5 * 60_000

/** Entity of the clock's ticks. Its state contains the time of the last tick and the alert, but no readings. */
const CLOCK = { entity: formatEntity({ source: CLOCK_SOURCE }) }

export function isClock({ entity }: Pick<Received, 'entity'>): boolean {
  return entity === CLOCK.entity
}

/** Maximum time by which a tick may be ahead of its record's timestamp. If it is further ahead, the record's timestamp is used. */
const MAX_AHEAD_MS = 60_000

/**
 * Applies a tick. The tick's own time is the same in all partitions, so it identifies a later outage. The arrival time of the tick
 * differs by milliseconds between partitions, and is the end time of an outage.
 */
export function applyTick(
  state: AlertingState | undefined,
  tick: TypedEvent<Tick>,
  step: Step,
): AlertingState {
  if (tick.data.isLast) {
    // After a stop on purpose, ticks that are missing until the next start are no outage, however long it takes.
    step.cancel(PIPELINE_DOWN_TIMER)
    step.reason('tick')
    return state ?? { seen: {}, rules: {} }
  }
  step.timer(PIPELINE_DOWN_TIMER, DOWN_AFTER_MS)
  const alert = state?.rules[PIPELINE_DOWN]?.alert
  step.reason(alert ? ('ticks-returned' satisfies TransitionReason) : 'tick')
  if (alert) {
    const endMs = Math.max(tick.timeMs, Date.parse(alert.startedAt))
    const resolved = resolvedAlert(alert, endMs, 'ticks-returned')
    // Partitions of different topics receive the same tick at different times. The time in the name makes these emissions different.
    emitAlert(step, resolved, CLOCK, `resolved ${alert.fingerprint} ${endMs}`)
  }
  return { seen: {}, rules: {}, lastTickMs: lastTickMs(state?.lastTickMs, tick, alert !== undefined) }
}

/**
 * Returns the time of the last tick. During an outage the time always increases, even if the schedule repeats an old run, so that
 * the next outage has a different alert id.
 */
function lastTickMs(beforeMs: number | undefined, { time = '', timeMs }: Received, isDown: boolean): number {
  const saidMs = Date.parse(time)
  const ownMs = saidMs <= timeMs + MAX_AHEAD_MS ? saidMs : timeMs
  if (beforeMs === undefined || ownMs > beforeMs) return ownMs
  return isDown ? Math.max(timeMs, beforeMs + 1) : beforeMs
}

/** Fires the alert when the log's clock, or the next tick, is more than `DOWN_AFTER_MS` later than the last tick. */
export function firePipelineDown(state: AlertingState, timer: Timer, step: Step): AlertingState {
  const { lastTickMs: activeAtMs } = state
  const isDown = activeAtMs !== undefined
  step.reason((isDown ? 'pipeline-down' : 'unchanged') satisfies TransitionReason)
  if (!isDown) return state
  const alert = createPipelineDownAlert(activeAtMs)
  emitAlert(step, alert, timer)
  const down = { state: { phase: 'firing', seenMs: activeAtMs, activeAtMs }, alert } as const
  return { ...state, rules: { [PIPELINE_DOWN]: down } }
}

function createPipelineDownAlert(lastMs: number): FiredAlert {
  const fingerprint = derivedId(PIPELINE_DOWN, CLOCK.entity)
  return {
    alertId: derivedId(fingerprint, lastMs),
    fingerprint,
    rule: PIPELINE_DOWN,
    severity: 'critical',
    status: 'firing',
    labels: {},
    summary: `the clock has not ticked since ${instant(lastMs)}: alerts about silence are not reliable`,
    entity: { source: CLOCK_SOURCE },
    activeAt: instant(lastMs),
    startedAt: instant(lastMs + DOWN_AFTER_MS),
    reason: 'no-ticks',
  }
}
