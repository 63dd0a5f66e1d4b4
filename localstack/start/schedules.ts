import { readFunctions } from '../../control/environment/function-entries.ts'
import type { DeclaredFunction } from '../../control/environment/functions.ts'
import { describeDisabledClock, readSchedules } from '../../infra/place/schedules.ts'
import { UserError } from '../../scripts/user-error.ts'

/**
 * Schedules that apply under `npm start`. In serverless.yml, the functions' own schedules depend on the same environment variables.
 */
export interface LocalSchedules {
  /** Functions to invoke at the start, because schedules only fire on the minute. */
  readonly first: readonly string[]
  /** True if readings are simulated. `npm start` then runs the generator itself every few seconds, instead of once a minute. */
  readonly expectsReadings: boolean
  /** Disabled schedules and the consequences for the user, one line each. */
  readonly notices: readonly string[]
}

/** Schedule of the functions that are invoked at the start. Functions with longer intervals can wait for their schedule. */
const EACH_MINUTE = 'rate(1 minute)'

/**
 * Reads the schedules.
 *
 * @param generator false to simulate no readings
 * @throws UserError if SLUICE_GENERATOR or SLUICE_SCHEDULES is neither on nor off
 */
export function localSchedules(
  environment: Readonly<Record<string, string | undefined>>,
  { generator }: { readonly generator: boolean },
  functions: readonly DeclaredFunction[] = readFunctions(),
): LocalSchedules {
  const env = generator ? environment : { ...environment, SLUICE_GENERATOR: 'off' }
  const { schedules, problems } = readSchedules(env, true)
  if (problems.length > 0) throw new UserError(problems.join('\n'))
  const stopped = describeDisabledClock(schedules)
  const quiet = schedules.generator ? [] : ['No readings are simulated, as chosen. The clock continues.']
  return {
    first: functions
      .filter(({ schedule }) => schedule?.expression === EACH_MINUTE && schedules[schedule.condition])
      .map(({ name }) => name),
    expectsReadings: schedules.generator,
    notices: stopped ? [stopped] : quiet,
  }
}
