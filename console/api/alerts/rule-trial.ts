/** Tries rules on the readings of the past before they are written to a file. */
import { maxLength, maxValue, minLength, minValue, number, optional, pipe, string, trim } from 'valibot'
import { checkRules, type LocatedError } from '../../../lib/alerting/check-rules.ts'
import { readRules } from '../../../lib/alerting/rule-files.ts'
import { dataReader } from '../../../lib/app/data-reader.ts'
import { historyAt } from '../../../lib/app/history-store.ts'
import { type Tried, tryRules } from '../../../lib/operations/try-rules/try-rules.ts'
import { readTopicReach } from '../../../lib/queries/kafka/topics.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { declareChange } from '../../http/declare-route.ts'
import { ProblemError } from '../../http/problem.ts'

export interface RuleTrialAnswer {
  /** Errors in the rules. If there are any, the rules were not tried. */
  readonly errors: readonly LocatedError[]
  /** Result with the newest alerts, up to a limit; null if the rules have errors. */
  readonly result: Tried | null
  /** Number of alerts, including those that are not listed. */
  readonly total: number
  /** True if the environment has a history, so that the range is not limited to the retention of the topics. */
  readonly hasHistory: boolean
}

const HOUR_MS = 3_600_000
const MAX_HOURS = 400 * 24
/** Time limit in milliseconds, below the 30-second timeout of an HTTP API. */
const MAX_MS = 20_000
const MAX_SHOWN = 1_000

const HOURS = `must be a number of hours above 0, up to ${MAX_HOURS}`
const TRY = {
  /** The maximum length equals the maximum size of a rule set in bytes. */
  text: pipe(
    string('must be a text'),
    minLength(1, 'must be a text with rules'),
    maxLength(1024 * 1024, 'must have at most 1,048,576 characters'),
  ),
  hours: pipe(number(HOURS), minValue(0.01, HOURS), maxValue(MAX_HOURS, HOURS)),
  entity: optional(pipe(string(), trim(), maxLength(300, 'must have at most 300 characters')), ''),
}
const FILE = 'the text'

export function declareRuleTrialRoutes(environment: ConsoleEnvironment) {
  let isBusy = false
  return {
    'POST /alerts/rules/try': declareChange(TRY, async (trial, _, { req }): Promise<RuleTrialAnswer> => {
      const { config, aws } = environment
      const hasHistory = config.historyBucket !== undefined || aws.endpoint !== undefined
      const { errors } = checkRules([{ where: FILE, text: trial.text }])
      if (errors.length > 0) return { errors, result: null, total: 0, hasHistory }
      // Run only one trial at a time, because evaluating rules uses the CPU.
      if (isBusy)
        throw new ProblemError('conflict', 'Another trial of rules is running. Try again in a moment.')
      isBusy = true
      try {
        const result = await runTrial(environment, trial, req.raw.signal)
        const { alerts } = result
        return {
          errors,
          result: { ...result, alerts: alerts.slice(-MAX_SHOWN) },
          total: alerts.length,
          hasHistory,
        }
      } finally {
        isBusy = false
      }
    }),
  }
}

async function runTrial(
  environment: ConsoleEnvironment,
  { text, hours, entity }: { readonly text: string; readonly hours: number; readonly entity: string },
  gone: AbortSignal,
): Promise<Tried> {
  const { config } = environment
  const untilMs = Date.now()
  const offsets = await environment.offsets()
  const log = {
    reader: await environment.log(),
    reach: (topic: string, sinceMs: number) => readTopicReach(offsets, topic, sinceMs),
  }
  const rules = readRules([{ where: FILE, text }])
  const options = { rules, settings: config, entity, reader: dataReader(config) }
  const store = await historyAt(config, environment.aws)
  const timeout = AbortSignal.timeout(MAX_MS)
  const stop = AbortSignal.any([gone, timeout])
  try {
    return await tryRules({ store, log }, options, { sinceMs: untilMs - hours * HOUR_MS, untilMs }, stop)
  } catch (error) {
    if (!timeout.aborted) throw error
    throw new ProblemError(
      'conflict',
      `The readings take longer than ${MAX_MS / 1_000} s. Choose a shorter time, or use \`sluice rules try\`.`,
    )
  } finally {
    store?.close?.()
  }
}
