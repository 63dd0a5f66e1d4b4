/** Alarms on what the functions count, all of them together. Pure. */
import type { AlarmKind, When } from './alarm.ts'
import { type OwnMetric, ofAllFunctions } from './metrics.ts'

/** In seconds. */
export const MINUTE = 60

/** A single one is too many. */
export function atOnce(because: string): When {
  return { above: 0, periodSeconds: MINUTE, periods: 1, because }
}

/** A partition that waits, for whatever reason. */
export const WAITS: When = {
  above: 0,
  stages: { dev: 5 },
  periodSeconds: MINUTE,
  periods: 6,
  breaching: 3,
  because:
    'a failover or a rolling restart of servers is over sooner; between the tries of a mapping a minute may be silent',
}

/** Whatever function counts it; where there are reasons, each of them by itself, and no others. */
export function counted(name: OwnMetric, reasons?: readonly string[]): AlarmKind['watches'] {
  return ({ env }) =>
    reasons?.map(reason => ({ of: reason, value: { query: ofAllFunctions(env, name, reason) } })) ?? [
      { value: { query: ofAllFunctions(env, name) } },
    ]
}
