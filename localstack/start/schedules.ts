import { clockNotice, schedulesFrom } from '../../infra/schedules.ts'
import { LocalCloudError } from '../failure.ts'

/** What `npm start` does about schedules; those of the functions follow the same variables in serverless.yml. */
export interface LocalSchedules {
  /** The functions to invoke at the start: a schedule fires on the minute, and the first readings should not wait for it. */
  readonly first: readonly string[]
  /** What does not happen, and what follows from it, a line each. */
  readonly notices: readonly string[]
}

/** @throws LocalCloudError where SLUICE_GENERATOR or SLUICE_SCHEDULES is neither on nor off */
export function localSchedules(env: Readonly<Record<string, string | undefined>>): LocalSchedules {
  const { schedules, problems } = schedulesFrom(env, true)
  if (problems.length > 0) throw new LocalCloudError(problems.join('\n'))
  const stopped = clockNotice(schedules)
  const quiet = schedules.generator
    ? []
    : ['SLUICE_GENERATOR=off: no readings are simulated. The clock goes on.']
  return {
    first: [...(schedules.generator ? ['generator'] : []), ...(schedules.clock ? ['clock'] : [])],
    notices: stopped ? [stopped] : quiet,
  }
}
