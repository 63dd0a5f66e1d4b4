import { describeDisabledClock, readSchedules } from '../../infra/place/schedules.ts'
import { readFunctions } from '../../lib/app/function-entries.ts'
import type { DeclaredFunction } from '../../lib/app/functions.ts'
import { UserError } from '../../scripts/user-error.ts'

/**
 * Schedules that apply under `npm start`. In serverless.yml, the functions' own schedules depend on the same environment variables.
 */
export interface LocalSchedules {
  /** Functions to invoke at the start, because schedules only fire on the minute. */
  readonly first: readonly string[]
  /** True if readings are simulated. `npm start` then runs the generator itself every few seconds, instead of once a minute. */
  readonly expectsReadings: boolean
  /** True if the simulated readings end when another application sends readings. */
  readonly stepsBack: boolean
  /** Disabled schedules and the consequences for the user, one line each. */
  readonly notices: readonly string[]
}

/** Notice about readings that are no longer simulated. */
export const STEPPED_BACK =
  'No readings are simulated, because this stack has readings of others. To simulate them as well: SLUICE_GENERATOR=on npm start'

/** Schedule of the functions that are invoked at the start. Functions with longer intervals can wait for their schedule. */
const EACH_MINUTE = 'rate(1 minute)'

/**
 * Reads the schedules.
 *
 * @param hasSteppedBack true if readings are only simulated on request, because the stack has those of an application
 * @throws UserError if SLUICE_GENERATOR or SLUICE_SCHEDULES is neither on nor off
 */
export function localSchedules(
  env: Readonly<Record<string, string | undefined>>,
  hasSteppedBack = false,
  functions: readonly DeclaredFunction[] = readFunctions(),
): LocalSchedules {
  const { schedules, problems } = readSchedules(env, !hasSteppedBack)
  if (problems.length > 0) throw new UserError(problems.join('\n'))
  const stopped = describeDisabledClock(schedules)
  const isChosen = Boolean(env.SLUICE_GENERATOR?.trim())
  const off = isChosen
    ? 'SLUICE_GENERATOR=off: no readings are simulated. The clock continues.'
    : STEPPED_BACK
  const quiet = schedules.generator ? [] : [off]
  return {
    first: functions
      .filter(({ schedule }) => schedule?.expression === EACH_MINUTE && schedules[schedule.condition])
      .map(({ name }) => name),
    expectsReadings: schedules.generator,
    stepsBack: schedules.generator && !isChosen,
    notices: stopped ? [stopped] : quiet,
  }
}
