/** Active alert rules and their state. */
import { dump } from 'js-yaml'
import { maxLength, minLength, pipe, string } from 'valibot'
import { loadRules } from '../../../lib/alerting/adapters/load-rules.ts'
import { conditionKind, measureKind } from '../../../lib/alerting/condition.ts'
import { type AnyRule, isPatternRule, type Pattern } from '../../../lib/alerting/patterns/pattern.ts'
import { getRuleIdentity, type Rule } from '../../../lib/alerting/rule.ts'
import { buildRuleSet } from '../../../lib/alerting/rule-set.ts'
import { readActivatedRules } from '../../../lib/queries/alerts/activated-rules.ts'
import { durationText } from '../../../lib/support/duration.ts'
import { FileError } from '../../../lib/support/file-errors.ts'
import {
  type ActiveAlert,
  type Conditions,
  conditionsNow,
  conditionTopics,
  reportedName,
} from '../../../lib/tables/conditions.ts'
import { Cache } from '../../cache.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { declareSharedQuery } from '../../http/declare-route.ts'
import { ProblemError } from '../../http/problem.ts'

export interface RuleRow {
  /** Name and labels of the rule. */
  readonly rule: string
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly severity: string
  /** Condition of the rule in one line. */
  readonly condition: string
  readonly paused: boolean
  /**
   * Number of entities or groups in the state `pending`. The following fields have the numbers for the other states. `silent`
   * counts alerts about missing readings, which are not included in the other numbers.
   */
  readonly pending: number
  readonly firing: number
  readonly recovering: number
  readonly silent: number
  /**
   * Number of entities that report the metric and are neither pending nor firing; null for a rule that applies only to some
   * entities.
   */
  readonly inactive: number | null
}

export interface Rules {
  /** Rules sorted by name. */
  readonly rules: readonly RuleRow[]
  /** Hash of the active rule set; null if no rule set is active yet. In that case, the rules of the local folder are shown. */
  readonly hash: string | null
  /** Number of partitions of the readings topic in which the rule set is active. */
  readonly having: number
  readonly partitions: number
  /** Number of entities in the state of the alerting function. */
  readonly entities: number
}

/** An entity or group for which a rule is pending or firing. */
export type ActiveEntityRow = Pick<ActiveAlert, 'entity' | 'phase' | 'isOfSilence'> & {
  /** Time at which the alert fired or, while it is pending, since which the condition has held; RFC 3339. */
  readonly since: string
  /** Id of the alert; null while it is pending. */
  readonly alert: string | null
}

export interface RuleAnswer {
  readonly rules: readonly (RuleRow & { readonly text: string; readonly summary: string })[]
  /** Newest first, up to a limit. */
  readonly on: readonly ActiveEntityRow[]
  readonly total: number
}

const MAX_ACTIVE = 500
const NAME = pipe(
  string('must be the name of a rule'),
  minLength(1, 'must be the name of a rule'),
  maxLength(1000, 'must be the name of a rule'),
)

/** Returns the routes for active rules. @param readConditions see `createConditionsReader` */
export function declareRuleRoutes(
  environment: ConsoleEnvironment,
  readConditions: () => Promise<Conditions>,
) {
  const readRulesAndConditions = () => Promise.all([readActiveRules(environment), readConditions()])
  return {
    '/alerts/rules': declareSharedQuery({}, async (): Promise<Rules> => {
      const [{ rules: inForce, hash, having, partitions }, now] = await readRulesAndConditions()
      const rules = inForce.map(rule => toRuleRow(rule, now)).sort((a, b) => (a.rule < b.rule ? -1 : 1))
      return { rules, hash, having, partitions, entities: now.entities }
    }),
    '/alerts/rules/one': declareSharedQuery({ rule: NAME }, async ({ rule: name }): Promise<RuleAnswer> => {
      const [{ rules }, now] = await readRulesAndConditions()
      const own = rules.filter(rule => name === rule.name || name === getRuleIdentity(rule))
      const identities = new Set([name, ...own.map(getRuleIdentity)])
      const on = now.active.filter(({ identity }) => identities.has(identity)).map(toOnRow)
      // A removed rule can remain pending or firing until its entities are evaluated again.
      if (own.length === 0 && on.length === 0)
        throw new ProblemError('not-found', `No active rule is called ${name}. See the list of rules.`)
      return {
        rules: own.map(rule => ({
          ...toRuleRow(rule, now),
          text: formatRules([rule]),
          summary: rule.summary,
        })),
        on: on.sort(compareByNewest).slice(0, MAX_ACTIVE),
        total: on.length,
      }
    }),
  }
}

interface ActiveRules extends Pick<Rules, 'hash' | 'having' | 'partitions'> {
  readonly rules: readonly AnyRule[]
}

/**
 * Returns the active rules.
 *
 * @throws Unavailable if Redis does not respond
 * @throws ProblemError if there are no rules
 */
async function readActiveRules(environment: ConsoleEnvironment): Promise<ActiveRules> {
  const { families, rulesDir } = environment.config
  const readings = await environment.topicSize('readings')
  const activated = await readActivatedRules(families, await environment.inspection(), readings)
  if (activated) return activated
  const none = { hash: null, having: 0, partitions: readings.partitions }
  if (!environment.isLocal) return { ...none, rules: [] }
  try {
    return { ...none, rules: await loadRules(families, rulesDir) }
  } catch (error) {
    if (!(error instanceof FileError)) throw error
    throw new ProblemError('conflict', `No rules are active, and ${error.message}`)
  }
}

/** Formats rules as YAML with all keys. */
function formatRules(rules: readonly AnyRule[]): string {
  return dump({ rules: buildRuleSet(rules).rules }, { lineWidth: 120, noRefs: true })
}

/**
 * Returns a function that reads the conditions of all rules. Concurrent requests share one result, because computing it requires reading the
 * state of every entity.
 */
export function createConditionsReader(environment: ConsoleEnvironment): () => Promise<Conditions> {
  const read = async () => {
    const topics = await conditionTopics(signal => environment.topicSize(signal))
    return conditionsNow(await environment.inspection(), ...topics)
  }
  const cache = new Cache<Conditions>({ forMs: 0 })
  return () => cache.get('conditions', read)
}

function toRuleRow(rule: AnyRule, { active, reporting }: Conditions): RuleRow {
  const identity = getRuleIdentity(rule)
  const own = active.filter(alert => alert.identity === identity)
  const ofRule = own.filter(({ isOfSilence }) => !isOfSilence)
  const count = (phase: ActiveAlert['phase']) => ofRule.filter(alert => alert.phase === phase).length
  const isOfAll = !isPatternRule(rule) && rule.match === undefined && !rule.paused
  return {
    ...{ rule: identity, name: rule.name, labels: rule.labels, severity: rule.severity },
    ...{ condition: formatCondition(rule), paused: rule.paused },
    ...{ pending: count('pending'), firing: count('firing'), recovering: count('recovering') },
    silent: own.length - ofRule.length,
    inactive: isOfAll
      ? Math.max(0, (reporting.get(reportedName(rule.table, rule.metric)) ?? 0) - ofRule.length)
      : null,
  }
}

function toOnRow({ entity, phase, activeAt, isOfSilence, alert }: ActiveAlert): ActiveEntityRow {
  const since = alert?.startedAt ?? activeAt
  return { entity: entity.trim(), phase, since, isOfSilence, alert: alert?.alertId ?? null }
}

function compareByNewest(a: ActiveEntityRow, b: ActiveEntityRow): number {
  return Date.parse(b.since) - Date.parse(a.since)
}

/** Formats a condition, such as `airMoisture above 40 % for 5 min` or `3 events within 10 min, per tenant`. */
function formatCondition(rule: AnyRule): string {
  if (isPatternRule(rule)) return formatPattern(rule.pattern)
  const lasts = rule.forMs > 0 ? ` for ${durationText(rule.forMs)}` : ''
  return `${formatComparison(rule)}${lasts}`
}

function formatComparison({ condition, metric, measure, unit: own }: Rule): string {
  const kind = measure && measureKind(measure)
  const unit = kind?.unit?.symbol ?? own
  const compared = measure && kind ? kind.words.text(measure, metric) : metric
  return `${compared} ${conditionKind(condition).words.text(condition, unit)}`
}

function formatPattern(pattern: Pattern): string {
  const per = pattern.per === 'entity' ? '' : `, per ${pattern.per}`
  if (pattern.kind === 'count')
    return `${pattern.count} events within ${durationText(pattern.withinMs)}${per}`
  return `${pattern.steps.length} events in order${per}`
}
