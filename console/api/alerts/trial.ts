/** Evaluates rules against recent readings before they are saved. */
import { maxLength, maxValue, minLength, minValue, number, optional, pipe, string, trim } from 'valibot'
import { checkRules, type LocatedError } from '../../../lib/alerting/check-rules.ts'
import type { Firing } from '../../../lib/alerting/firings.ts'
import { identityOf } from '../../../lib/alerting/rule.ts'
import { readRules } from '../../../lib/alerting/rule-files.ts'
import { dataReader } from '../../../lib/app/data-reader.ts'
import { topicsOf } from '../../../lib/app/topics.ts'
import { type Trial, type TriedRule, tryRules } from '../../../lib/operations/rule-trial.ts'
import { newestOf } from '../../../lib/queries/newest.ts'
import { rangesOf } from '../../../lib/queries/records.ts'
import { topicReach } from '../../../lib/queries/topics.ts'
import { PlainLog } from '../../../packages/runtime/pipeline/decoding/plain-records.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { ProblemError } from '../problem.ts'
import { changed } from '../route.ts'
import { ConsoleAlerts } from './source.ts'

/** Result of testing a rule, with the number of alerts that actually fired. */
export interface TriedRow extends TriedRule {
  /** Number of alerts that actually fired in the same period for the rule with this name and labels; null if not counted. */
  readonly told: number | null
}

/** An alert that the tested rules would have published. */
export interface TriedFiring extends Omit<Firing, 'toMs'> {
  /** End of the alert; null if it was still firing at the end of the period. */
  readonly toMs: number | null
}

export interface RulesTried extends Omit<Trial, 'rules' | 'firings'> {
  /** Errors in the rules. If there are any, the rules were not evaluated. */
  readonly errors: readonly LocatedError[]
  readonly rules: readonly TriedRow[]
  /** Newest first, up to a limit. */
  readonly firings: readonly TriedFiring[]
  /** Number of alerts that would have fired. */
  readonly total: number
  /** Number of older records that were not read because of the limit. */
  readonly leftOut: number
  readonly tookMs: number
}

const HOUR_MS = 3_600_000
const MAX_HOURS = 168
const MAX_RECORDS = 100_000
/** Time limit of a trial in milliseconds, below the 30-second timeout of an HTTP API. */
const MAX_MS = 20_000
const MAX_TOLD = 10_000
const MAX_SHOWN = 300

/** Schema for a text of rules. Its maximum length equals the maximum size of a rule set in bytes. */
export const RULES_TEXT = pipe(
  string('must be a text'),
  minLength(1, 'must be a text with rules'),
  maxLength(1024 * 1024, 'must have at most 1,048,576 characters'),
)
const HOURS = 'must be a number of hours above 0, up to the 168 for which readings are retained'
const TRY = {
  text: RULES_TEXT,
  hours: pipe(number(HOURS), minValue(0.01, HOURS), maxValue(MAX_HOURS, HOURS)),
  entity: optional(pipe(string(), trim(), maxLength(300, 'must have at most 300 characters')), ''),
}
const FILE = 'the text'

export function trialRoutes(environment: ConsoleEnvironment) {
  let isBusy = false
  return {
    'POST /alerts/rules/try': changed(TRY, async ({ text, hours, entity }, _, { req }) => {
      const { errors } = checkRules([{ where: FILE, text }])
      if (errors.length > 0) return { ...NOTHING, errors }
      // Run only one trial at a time, because evaluating rules uses the CPU.
      if (isBusy)
        throw new ProblemError('conflict', 'Another trial of rules is running. Try again in a moment.')
      isBusy = true
      try {
        return await tried(environment, text, hours, entity, req.raw.signal)
      } finally {
        isBusy = false
      }
    }),
  }
}

const NOTHING: RulesTried = {
  ...{ errors: [], readings: 0, duplicates: 0, refused: 0, entities: 0, span: null, cut: null },
  ...{ rules: [], firings: [], total: 0, leftOut: 0, tookMs: 0 },
}

async function tried(
  environment: ConsoleEnvironment,
  text: string,
  hours: number,
  entity: string,
  gone: AbortSignal,
): Promise<RulesTried> {
  const startedMs = performance.now()
  const untilMs = Date.now()
  const offsets = await environment.offsets()
  const ofTopics = topicsOf(['readings']).map(async signal => {
    const topic = environment.topic(signal)
    return rangesOf(topic, await topicReach(offsets, topic, untilMs - hours * HOUR_MS))
  })
  const { ranges, leftOut } = newestOf((await Promise.all(ofTopics)).flat(), MAX_RECORDS)
  const trial = await tryRules({
    log: new PlainLog(await environment.log(), dataReader(environment.config)),
    rules: readRules([{ where: FILE, text }]),
    stop: AbortSignal.any([gone, AbortSignal.timeout(MAX_MS)]),
    mostTold: MAX_TOLD,
    ...{ ranges, entity, untilMs },
  })
  const { rules, firings, ...more } = trial
  const sinceMs = leftOut > 0 ? (trial.span?.fromMs ?? untilMs) : untilMs - hours * HOUR_MS
  const told = trial.span && !trial.cut ? await toldSince(environment, sinceMs, entity) : undefined
  return {
    ...more,
    errors: [],
    rules: rules.map(one => ({ ...one, told: told?.get(one.rule) ?? (told ? 0 : null) })),
    firings: firings
      .slice(-MAX_SHOWN)
      .reverse()
      .map(one => ({ ...one, toMs: Number.isFinite(one.toMs) ? one.toMs : null })),
    total: firings.length,
    leftOut,
    tookMs: Math.round(performance.now() - startedMs),
  }
}

/** Returns the number of alerts that have fired since a time, by rule. */
async function toldSince(
  environment: ConsoleEnvironment,
  sinceMs: number,
  entity: string,
): Promise<ReadonlyMap<string, number>> {
  const lives = await new ConsoleAlerts(environment).lives(sinceMs - HOUR_MS)
  const own = lives.filter(
    ({ startedAt, entity: of }) => Date.parse(startedAt) >= sinceMs && of.includes(entity),
  )
  const byRule = Map.groupBy(own, ({ rule, labels }) => identityOf({ name: rule, labels }))
  return new Map([...byRule].map(([rule, all]) => [rule, all.length]))
}
