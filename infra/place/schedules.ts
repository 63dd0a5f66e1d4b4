/** Enabled schedules, selected by SLUICE_GENERATOR and SLUICE_SCHEDULES. */
import { type Environment, readSetting } from '../../lib/app/settings/index.ts'
import { SCHEDULES } from './deployment-settings.ts'
import type { Place } from './place.ts'

export interface ChosenSchedules {
  readonly schedules: Place['schedules']
  /** Errors in the two settings, one sentence each. */
  readonly problems: readonly string[]
}

/** Reads the settings. @param generator default value of SLUICE_GENERATOR */
export function readSchedules(environment: Environment, generator: boolean): ChosenSchedules {
  const errors: string[] = []
  const isOn = (name: keyof typeof SCHEDULES.settings, otherwise: boolean): boolean =>
    readSetting(SCHEDULES.settings, name, environment, errors) ?? otherwise
  const all = isOn('SLUICE_SCHEDULES', true)
  const simulated = isOn('SLUICE_GENERATOR', generator)
  return {
    schedules: { generator: all && simulated, clock: all },
    problems: errors.map(error => `${error}.`),
  }
}

/** Returns a notice about the consequences if the clock is disabled; undefined if it is enabled. */
export function describeDisabledClock({ clock }: Place['schedules']): string | undefined {
  if (clock) return undefined
  return (
    'SLUICE_SCHEDULES=off: schedules are disabled. No readings are simulated, and without the clock, log time advances only with ' +
    'records. Without records, timers do not fire and silent sensors are not detected. Changed alert rules do not take effect.'
  )
}
