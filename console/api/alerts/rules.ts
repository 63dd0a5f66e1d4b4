/** Active alert rules and their state. */
import { dump } from 'js-yaml'
import { maxLength, minLength, pipe, string } from 'valibot'
import type { AnyRule } from '../../../lib/alerting/patterns/pattern.ts'
import { getRuleIdentity } from '../../../lib/alerting/rule.ts'
import { buildRuleSet } from '../../../lib/alerting/rule-set.ts'
import { type RuleRow, readActiveRules, readConditions, toRuleRow } from '../../../lib/questions/rules.ts'
import type { ActiveAlert } from '../../../lib/tables/conditions.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { declareSharedQuery } from '../../http/declare-route.ts'
import { ProblemError } from '../../http/problem.ts'

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

export function declareRuleRoutes(environment: ConsoleEnvironment) {
  return {
    '/alerts/rules/one': declareSharedQuery({ rule: NAME }, async ({ rule: name }): Promise<RuleAnswer> => {
      const [{ rules }, now] = await Promise.all([readActiveRules(environment), readConditions(environment)])
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

/** Formats rules as YAML with all keys. */
function formatRules(rules: readonly AnyRule[]): string {
  return dump({ rules: buildRuleSet(rules).rules }, { lineWidth: 120, noRefs: true })
}

function toOnRow({ entity, phase, activeAt, isOfSilence, alert }: ActiveAlert): ActiveEntityRow {
  const since = alert?.startedAt ?? activeAt
  return { entity: entity.trim(), phase, since, isOfSilence, alert: alert?.alertId ?? null }
}

function compareByNewest(a: ActiveEntityRow, b: ActiveEntityRow): number {
  return Date.parse(b.since) - Date.parse(a.since)
}
