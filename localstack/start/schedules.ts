import { describeDisabledClock, readSchedules } from '../../infra/place/schedules.ts'
import { readFunctions } from '../../lib/app/function-entries.ts'
import type { DeclaredFunction } from '../../lib/app/functions.ts'
import { UserError } from '../../scripts/user-error.ts'
import { READINGS_OF_OTHERS } from '../own-stack.ts'

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
 * @param onRequest true if readings are only simulated where SLUICE_GENERATOR is on
 * @throws UserError if SLUICE_GENERATOR or SLUICE_SCHEDULES is neither on nor off
 */
export function localSchedules(
  environment: Readonly<Record<string, string | undefined>>,
  { generator, onRequest }: { readonly generator: boolean; readonly onRequest: boolean },
  functions: readonly DeclaredFunction[] = readFunctions(),
): LocalSchedules {
  const env = generator ? environment : { ...environment, SLUICE_GENERATOR: 'off' }
  const { schedules, problems } = readSchedules(env, !onRequest)
  if (problems.length > 0) throw new UserError(problems.join('\n'))
  const stopped = describeDisabledClock(schedules)
  const isChosen = Boolean(env.SLUICE_GENERATOR?.trim())
  const off = isChosen
    ? 'No readings are simulated, as chosen. The clock continues.'
    : `No readings are simulated, because this stack has readings of other applications (the file ${READINGS_OF_OTHERS} in its data). To simulate them as well: SLUICE_GENERATOR=on npm start`
  const quiet = schedules.generator ? [] : [off]
  return {
    first: functions
      .filter(({ schedule }) => schedule?.expression === EACH_MINUTE && schedules[schedule.condition])
      .map(({ name }) => name),
    expectsReadings: schedules.generator,
    notices: stopped ? [stopped] : quiet,
  }
}
