import { loadRules } from '../../lib/alerting/adapters/index.ts'
import {
  type AnyRule,
  conditionKind,
  getRuleIdentity,
  isPatternRule,
  measureKind,
  type Pattern,
  type Rule,
} from '../../lib/alerting/index.ts'
import { durationText } from '../../lib/support/duration.ts'
import { Failure } from '../../lib/support/failure.ts'
import { FileError } from '../../lib/support/file-errors.ts'
import { textFilter } from '../../lib/support/text-match.ts'
import { readActivatedRules } from '../queries/alerts/activated-rules.ts'
import {
  type ActiveAlert,
  type Conditions,
  conditionsNow,
  readActiveAlerts,
  reportedName,
} from '../tables/conditions.ts'
import { column, count, type Tone } from './column.ts'
import { type Environment, Kept } from './environment.ts'
import { textField } from './field.ts'
import { describeNotInForce, readNotInForce } from './not-in-force.ts'
import { question } from './question.ts'

export const RULES = question({
  title: 'Active rules',
  about: `List the alert rules that are active, with the number of entities in each state.

All states of alerting are read, so the time of the query depends on the number of entities.`,
  more: `
Examples:
  sluice rules list
  sluice rules list --find HIGH --json`,
  filter: { find: textField('part of the name or the condition of a rule', 'HIGH') },
  async read(environment, { find = '' }, { nowMs }) {
    const [active, now, saved] = await Promise.all([
      readActiveRules(environment),
      readConditions(environment),
      readNotInForce(environment, ['rule', 'family']),
    ])
    const fits = textFilter(find)
    const all = active.rules.map(rule => toRuleRow(rule, now))
    const rows = all
      .filter(({ rule, condition, severity }) => fits(`${rule} ${condition} ${severity}`))
      .sort((a, b) => (a.rule < b.rule ? -1 : 1))
    return { rows, notes: [...describeNotInForce(saved, nowMs), ...describeRuleSet(active, now)] }
  },
}).shownAs({
  key: 'rule',
  columns: [
    column('rule', { link: 'rule', terminal: { least: 12 } }),
    column('condition', { terminal: { least: 20 }, page: { below: 'rule' } }),
    column('paused', { type: 'badge', page: { below: 'rule' } }),
    column('severity', { type: 'severity', terminal: { leaveOut: 3 } }),
    count('firing', { tone: 'tone' }),
    count('pending'),
    count('recovering', { terminal: { leaveOut: 1 } }),
    count('silent', { terminal: { leaveOut: 2 } }),
    count('inactive', { terminal: { leaveOut: 4 } }),
  ],
  empty: 'No rules exist. Write one into a file of the rules folder.',
})

function describeRuleSet({ hash, having, partitions }: ActiveRules, { entities }: Conditions): string[] {
  const about = `Alerting has the state of ${entities === 1 ? '1 entity' : `${entities} entities`}.`
  if (hash === null)
    return [
      `${about} The log has not activated any rules yet, so alerting uses the rules that it was deployed with.`,
    ]
  const behind =
    having < partitions
      ? ` It is active in ${having} of ${partitions} partitions. The others have not read it yet, or have no records.`
      : ''
  return [`${about} Rule set ${hash.slice(0, 8)} is active.${behind}`]
}

/** Active rule, with the numbers of its entities by state. */
export interface RuleRow {
  /** Name and labels of the rule. */
  readonly rule: string
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly severity: string
  /** Condition of the rule in one line. */
  readonly condition: string
  /** `paused` for a rule that is not evaluated. */
  readonly paused: 'paused' | null
  readonly tone: Tone
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

/** Rules that are active, and where. */
interface ActiveRules {
  readonly rules: readonly AnyRule[]
  /** Hash of the rule set; null if none is active yet. In that case, these are the rules of the local folder. */
  readonly hash: string | null
  /** Number of partitions of the readings topic in which the rule set is active. */
  readonly having: number
  readonly partitions: number
}

/**
 * Returns the active rules.
 *
 * @throws Unavailable if Redis does not respond
 * @throws Failure if there are no rules
 */
export async function readActiveRules(environment: Environment): Promise<ActiveRules> {
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
    throw new Failure(`No rules are active, and ${error.message}`)
  }
}

const CONDITIONS = new Kept<Conditions>()

/** Reads the conditions of all rules. Concurrent questions share one result, because computing it means reading the state of every entity. */
export function readConditions(environment: Environment): Promise<Conditions> {
  return environment.share(CONDITIONS, async () => {
    const topics = await readConditionTopics(environment)
    return conditionsNow(await environment.inspection(), ...topics)
  })
}

/** Returns the topics whose states have conditions: both that alerting reads, as one, and that with the events of groups. */
async function readConditionTopics(environment: Environment) {
  const [readings, changes, groups] = await Promise.all([
    environment.topicSize('readings'),
    environment.topicSize('view-changes'),
    environment.topicSize('patterns'),
  ])
  return [{ ...readings, subTopics: [changes] }, groups] as const
}

/** Reads the conditions of an entity or a group. @param entity complete name: source and subject, separated by a space */
export async function readConditionsOf(environment: Environment, entity: string): Promise<ActiveAlert[]> {
  const topics = await readConditionTopics(environment)
  return readActiveAlerts(await environment.inspection(), ...topics, entity)
}

export function toRuleRow(rule: AnyRule, { active, reporting }: Conditions): RuleRow {
  const identity = getRuleIdentity(rule)
  const counts = countEntities(identity, active)
  const { pending, firing, recovering } = counts
  const isOfAll = !isPatternRule(rule) && rule.match === undefined && !rule.paused
  return {
    ...{ rule: identity, name: rule.name, labels: rule.labels, severity: rule.severity },
    ...{ condition: formatCondition(rule), paused: rule.paused ? 'paused' : null },
    tone: firing > 0 ? (rule.severity === 'critical' ? 'bad' : 'warn') : 'plain',
    ...counts,
    inactive: isOfAll
      ? Math.max(
          0,
          (reporting.get(reportedName(rule.table, rule.metric)) ?? 0) - pending - firing - recovering,
        )
      : null,
  }
}

/** Returns the numbers of entities or groups for which a rule is not inactive, by state. */
export function countEntities(rule: string, active: readonly ActiveAlert[]) {
  const own = active.filter(({ identity }) => identity === rule)
  const count = (state: ActiveAlert['phase'] | 'silent') =>
    own.filter(({ phase, isOfSilence }) => (isOfSilence ? 'silent' : phase) === state).length
  return {
    ...{ pending: count('pending'), firing: count('firing') },
    ...{ recovering: count('recovering'), silent: count('silent') },
  }
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
