/** Which schedules run, as SLUICE_GENERATOR and SLUICE_SCHEDULES decide. */

export interface Schedules {
  /** Publishes simulated readings. */
  readonly generator: boolean
  /** Appends ticks: without it, log time passes with records alone. */
  readonly clock: boolean
}

export interface ChosenSchedules {
  readonly schedules: Schedules
  /** What was set to something else than on or off, a sentence each. */
  readonly problems: readonly string[]
}

/** @param generator whether simulated readings are published where SLUICE_GENERATOR is not set */
export function schedulesFrom(
  environment: Readonly<Record<string, string | undefined>>,
  generator: boolean,
): ChosenSchedules {
  const problems: string[] = []
  const isOn = (name: string, otherwise: boolean): boolean => {
    const value = environment[name]
    if (!value) return otherwise
    if (value !== 'on' && value !== 'off') problems.push(`${name} is "${value}": it must be on or off.`)
    return value === 'on'
  }
  const all = isOn('SLUICE_SCHEDULES', true)
  const simulated = isOn('SLUICE_GENERATOR', generator)
  return { schedules: { generator: all && simulated, clock: all }, problems }
}

/** One line that says what does not happen, and what follows from it; undefined where the clock runs. */
export function clockNotice({ clock }: Schedules): string | undefined {
  if (clock) return undefined
  return (
    'SLUICE_SCHEDULES=off: no schedule runs. Nothing simulates readings, and the clock stands: log time passes with records ' +
    'alone, and without them no timer fires, so nobody notices that a sensor is silent.'
  )
}
