/** Which schedules run, as SLUICE_GENERATOR and SLUICE_SCHEDULES decide. */
import { type Environment, readSetting } from '../lib/app/settings/index.ts'
import { SCHEDULES } from './settings.ts'

export interface Schedules {
  /** Publishes simulated readings. */
  readonly generator: boolean
  /** Appends ticks, without which log time passes with records alone, and the alert rules. */
  readonly clock: boolean
  /** Copies what the consumers remember to a bucket. */
  readonly checkpoints: boolean
}

export interface ChosenSchedules {
  readonly schedules: Schedules
  /** Which of the two has a value that is not allowed, a sentence each. */
  readonly problems: readonly string[]
}

/** @param generator whether simulated readings are published where SLUICE_GENERATOR is not set */
export function schedulesFrom(environment: Environment, generator: boolean): ChosenSchedules {
  const errors: string[] = []
  const isOn = (name: keyof typeof SCHEDULES.settings, otherwise: boolean): boolean =>
    readSetting(SCHEDULES.settings, name, environment, errors) ?? otherwise
  const all = isOn('SLUICE_SCHEDULES', true)
  const simulated = isOn('SLUICE_GENERATOR', generator)
  return {
    schedules: { generator: all && simulated, clock: all, checkpoints: all },
    problems: errors.map(error => `${error}.`),
  }
}

/** One line that says what does not happen, and what follows from it; undefined where the clock runs. */
export function clockNotice({ clock }: Schedules): string | undefined {
  if (clock) return undefined
  return (
    'SLUICE_SCHEDULES=off: no schedule runs. Nothing simulates readings, and the clock stands: log time passes with records ' +
    'alone, and without them no timer fires, so a silent sensor is not noticed. Changed alert rules do not take effect.'
  )
}

const UNITS: Readonly<Record<string, number>> = { minute: 60, hour: 60 * 60, day: 24 * 60 * 60 }

/** How often `rate(…)` calls a function, in seconds; undefined for what is not a rate. */
export function periodOf(expression: string): number | undefined {
  const [, count, unit = ''] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? []
  const seconds = UNITS[unit]
  return seconds === undefined ? undefined : Number(count) * seconds
}
