import { clockNotice, schedulesFrom } from '../../infra/schedules.ts'
import { type DeclaredFunction, readFunctions } from '../../lib/app/functions.ts'
import { UserError } from '../../programs/user-error.ts'

/** How `npm start` handles schedules. The functions' own schedules depend on the same variables in serverless.yml. */
export interface LocalSchedules {
  /** The functions to invoke at the start: a schedule fires on the minute, and the first readings should not wait for it. */
  readonly first: readonly string[]
  /** Whether readings are simulated. Then `npm start` runs the generator every few seconds itself, instead of each minute. */
  readonly expectsReadings: boolean
  /** Missing schedules and their consequences, a line each. */
  readonly notices: readonly string[]
}

/** Less frequent functions can wait for their time. */
const EACH_MINUTE = 'rate(1 minute)'

/** @throws UserError where SLUICE_GENERATOR or SLUICE_SCHEDULES is neither on nor off */
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
