/** Retries of scheduled functions. Pure. */

const UNITS: Readonly<Record<string, number>> = { minute: 60, hour: 60 * 60, day: 24 * 60 * 60 }

/** Returns the interval of a `rate(…)` expression in seconds; undefined for other expressions. */
export function parsePeriod(expression: string): number | undefined {
  const [, count, unit = ''] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? []
  const seconds = UNITS[unit]
  return seconds === undefined ? undefined : Number(count) * seconds
}

/** Times at which Lambda retries a failed run, in seconds after the first failure. */
const RETRIES_AFTER = [60, 180]
/** Minimum and maximum that Lambda allows for the maximum event age, in seconds. */
const [YOUNGEST, OLDEST] = [60, 6 * 60 * 60]
/** Period that is assumed for a schedule with a cron expression, in seconds. */
const SOME_PERIOD = 60 * 60

/** Serverless Framework fields for asynchronous invocations. */
export interface RetryFields {
  /** Maximum age of an event before it is discarded, in seconds. */
  readonly maximumEventAge: number
  readonly maximumRetryAttempts: number
}

/**
 * Returns the retry settings of a scheduled function. Each run continues where the previous one ended, so a missed run is made up
 * by the next one. A failed run is therefore retried only within the period of the schedule, and then discarded. By default, Lambda
 * would keep failed runs for six hours and start all of them after an outage.
 *
 * @param expression `rate(…)` or `cron(…)`
 * @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
 */
export function computeRetryFields(expression: string): RetryFields {
  const period = parsePeriod(expression) ?? SOME_PERIOD
  return {
    maximumEventAge: Math.min(OLDEST, Math.max(YOUNGEST, period)),
    maximumRetryAttempts: RETRIES_AFTER.filter(seconds => seconds < period).length,
  }
}
