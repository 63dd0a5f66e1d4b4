/** One active alert rule: the entities that it affects, and its definition. */
import { dump } from 'js-yaml'
import { buildRuleSet, getRuleIdentity } from '../../lib/alerting/index.ts'
import { Failure } from '../../lib/support/failure.ts'
import type { ActiveAlert } from '../tables/conditions.ts'
import { column, count } from './column.ts'
import { nameField } from './field.ts'
import { question } from './question.ts'
import { countEntities, readActiveRules, readConditions, toRuleRow } from './rules.ts'

export const RULE = question({
  title: 'Rule',
  about: `Show an active alert rule: its condition, the number of entities in each state, those for which it is pending or firing, and its
definition as YAML with all defaults.`,
  more: `
A rule is given by its name, or by its name and labels if several have that name.

Examples:
  sluice rules show HIGH_TEMP
  sluice rules show HIGH_TEMP --json`,
  filter: { rule: nameField('name of the rule, or its name and labels') },
  async read(environment, { rule: named }, { most }) {
    const [{ rules }, now] = await Promise.all([readActiveRules(environment), readConditions(environment)])
    const own = rules.filter(rule => named === rule.name || named === getRuleIdentity(rule))
    const found = own.map(rule => ({
      ...toRuleRow(rule, now),
      summary: rule.summary,
      definition: dump({ rules: buildRuleSet([rule]).rules }, { lineWidth: 120, noRefs: true }),
    }))
    // A removed rule can remain pending or firing until its entities are evaluated again.
    const isRemoved =
      now.active.some(({ identity }) => identity === named) && !found.some(({ rule }) => rule === named)
    const all = [...found, ...(isRemoved ? [describeRemoved(named, now.active)] : [])]
    if (all.length === 0)
      throw new Failure(`No active rule is called ${named}. \`sluice rules list\` lists the active rules.`, {
        isMissing: true,
      })
    const rows = all.map(row => ({ ...row, entities: listEntities(row.rule, now.active).slice(0, most) }))
    return { rows, notes: rows.flatMap(describeRest) }
  },
}).shownAs({
  key: 'rule',
  columns: [
    column('severity', { type: 'severity' }),
    column('condition'),
    column('summary'),
    column('paused', { heading: 'State', type: 'badge' }),
    count('firing', { tone: 'tone' }),
    count('pending'),
    count('recovering'),
    count('silent'),
    count('inactive', { none: 'not known' }),
    column('definition', { heading: 'Definition, with all defaults', type: 'block' }),
  ],
  sections: [
    {
      of: 'entities',
      title: 'Affected entities',
      key: 'key',
      columns: [
        column('entity', { type: 'entity', terminal: { least: 12 } }),
        column('state', { link: 'alert', linkBy: ['alert'] }),
        column('since', { type: 'time', terminal: { leaveOut: 1 } }),
        column('since', { heading: 'For', type: 'span' }),
        column('alert', { only: 'terminal' }),
      ],
      empty: 'No alerts of this rule are pending or firing.',
    },
  ],
  empty: '',
  page: { most: 500 },
})

/** Returns a removed rule as a row. Pure. */
function describeRemoved(rule: string, active: readonly ActiveAlert[]) {
  return {
    ...{ rule, name: rule.replace(/\{.*$/s, ''), ...countEntities(rule, active), inactive: null },
    ...{ severity: null, condition: null, summary: null, paused: null, tone: 'plain', definition: null },
  }
}

/** Returns the entities and groups for which a rule is pending or firing, newest first. Pure. */
function listEntities(ofRule: string, active: readonly ActiveAlert[]) {
  return active
    .filter(({ identity }) => identity === ofRule)
    .map(({ entity, rule, partition, phase, isOfSilence, activeAt, alert }) => ({
      key: `${entity} ${rule} ${partition}`,
      entity: entity.trim(),
      state: isOfSilence ? 'silent' : phase,
      /** Time at which the alert fired or, while it is pending, since which the condition has held; RFC 3339. */
      since: alert?.startedAt ?? activeAt,
      /** Id of the alert; null while it is pending. */
      alert: alert?.alertId ?? null,
    }))
    .sort((a, b) => Date.parse(b.since) - Date.parse(a.since))
}

interface RestOfRule extends ReturnType<typeof countEntities> {
  readonly rule: string
  readonly definition: string | null
  readonly entities: readonly unknown[]
}

function describeRest({ rule, definition, entities, ...counts }: RestOfRule): string[] {
  const total = counts.pending + counts.firing + counts.recovering + counts.silent
  return [
    ...(definition === null
      ? [
          `${rule} is no longer active. Its alerts resolve within five minutes, when its entities are evaluated again.`,
        ]
      : []),
    ...(total > entities.length
      ? [`${rule} affects ${total} entities. The newest ${entities.length} are listed.`]
      : []),
  ]
}
