import { clockNotice, schedulesFrom } from '../../infra/schedules.ts'
import { type DeclaredFunction, readFunctions } from '../../lib/app/functions.ts'
import { UserError } from '../../programs/user-error.ts'

/** Schedules of `npm start`. The functions' own schedules depend on the same variables in serverless.yml. */
export interface LocalSchedules {
  /** Functions to invoke at the start, because schedules only fire on the minute. */
  readonly first: readonly string[]
  /** True if readings are simulated. `npm start` then runs the generator every few seconds itself, instead of once a minute. */
  readonly expectsReadings: boolean
  /** Disabled schedules and the consequences, one line each. */
  readonly notices: readonly string[]
}

/** Schedule of the functions to invoke at the start. Less frequent functions can wait for their schedule. */
const EACH_MINUTE = 'rate(1 minute)'

/** Reads the schedules. @throws UserError if SLUICE_GENERATOR or SLUICE_SCHEDULES is neither on nor off */
export function localSchedules(
  env: Readonly<Record<string, string | undefined>>,
  functions: readonly DeclaredFunction[] = readFunctions(),
): LocalSchedules {
  const { schedules, problems } = schedulesFrom(env, true)
  if (problems.length > 0) throw new UserError(problems.join('\n'))
  const stopped = clockNotice(schedules)
  const quiet = schedules.generator
    ? []
    : ['SLUICE_GENERATOR=off: no readings are simulated. The clock continues.']
  return {
    first: functions
      .filter(({ schedule }) => schedule?.expression === EACH_MINUTE && schedules[schedule.condition])
      .map(({ name }) => name),
    expectsReadings: schedules.generator,
    notices: stopped ? [stopped] : quiet,
  }
}
