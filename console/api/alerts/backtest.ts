/** Compares rules with the alerts that fired over days, before they are saved. */
import { maxValue, minValue, number, pipe } from 'valibot'
import { checkRules, type LocatedError } from '../../../lib/alerting/check-rules.ts'
import { readRules } from '../../../lib/alerting/rule-files.ts'
import { dataReader } from '../../../lib/app/data-reader.ts'
import { historyAt } from '../../../lib/app/history.ts'
import { topicsOf } from '../../../lib/app/topics.ts'
import { type Backtest, backtest } from '../../../lib/operations/backtest/backtest.ts'
import { settingsOf } from '../../../lib/operations/backtest/settings.ts'
import { topicReach } from '../../../lib/queries/topics.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { ProblemError } from '../problem.ts'
import { changed } from '../route.ts'
import { RULES_TEXT } from './trial.ts'

export interface RulesBacktested {
  /** Errors in the rules. If there are any, the rules were not evaluated. */
  readonly errors: readonly LocatedError[]
  /** Result with the first alerts, up to a limit; null if the rules have errors. */
  readonly result: Backtest | null
  /** Number of alerts, including those that are not listed. */
  readonly total: number
  /** True if the environment has a history, so that the range is not limited to the retention of the topics. */
  readonly hasHistory: boolean
}

const DAY_MS = 86_400_000
const MAX_DAYS = 400
/** Time limit in milliseconds, below the 30-second timeout of an HTTP API. */
const MAX_MS = 20_000
const MAX_SHOWN = 1_000

const DAYS = `must be a number of days above 0, up to ${MAX_DAYS}`
const GIVEN = { text: RULES_TEXT, days: pipe(number(DAYS), minValue(0.01, DAYS), maxValue(MAX_DAYS, DAYS)) }
const FILE = 'the text'

export function backtestRoutes(environment: ConsoleEnvironment) {
  let isBusy = false
  return {
    'POST /alerts/rules/backtest': changed(
      GIVEN,
      async ({ text, days }, _, { req }): Promise<RulesBacktested> => {
        const { config, aws } = environment
        const hasHistory = config.historyBucket !== undefined || aws.endpoint !== undefined
        const { errors } = checkRules([{ where: FILE, text }])
        if (errors.length > 0) return { errors, result: null, total: 0, hasHistory }
        // Run only one at a time, because evaluating rules uses the CPU.
        if (isBusy) throw new ProblemError('conflict', 'Another back-test is running. Try again in a moment.')
        isBusy = true
        try {
          const result = await backtested(environment, text, days, req.raw.signal)
          const alerts = result.alerts.slice(0, MAX_SHOWN)
          return { errors, result: { ...result, alerts }, total: result.alerts.length, hasHistory }
        } finally {
          isBusy = false
        }
      },
    ),
  }
}

async function backtested(
  environment: ConsoleEnvironment,
  text: string,
  days: number,
  gone: AbortSignal,
): Promise<Backtest> {
  const { config } = environment
  const untilMs = Date.now()
  const range = {
    ...{ sinceMs: untilMs - days * DAY_MS, untilMs },
    topics: topicsOf(['readings']).map(signal => environment.topic(signal)),
  }
  const offsets = await environment.offsets()
  const log = {
    reader: await environment.log(),
    reach: (topic: string, sinceMs: number) => topicReach(offsets, topic, sinceMs),
  }
  const rules = readRules([{ where: FILE, text }])
  const settings = await settingsOf(config, dataReader(config))
  const store = await historyAt(config, environment.aws)
  const timeout = AbortSignal.timeout(MAX_MS)
  try {
    const stop = AbortSignal.any([gone, timeout])
    return await backtest({ store, log }, { rules, against: undefined, settings }, range, stop)
  } catch (error) {
    if (!timeout.aborted) throw error
    throw new ProblemError(
      'conflict',
      `The readings of ${days} days take longer than ${MAX_MS / 1_000} s. Choose a shorter time, or use \`sluice rules backtest\`.`,
    )
  } finally {
    store?.close?.()
  }
}
