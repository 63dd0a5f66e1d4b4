/** Active alert rules and their state. */

import type { JSX } from 'preact'
import { durationText } from '../../../lib/support/duration.ts'
import type { ActiveEntityRow, RuleAnswer, RuleRow, Rules } from '../../api/alerts/rules.ts'
import { buildAddress } from '../client/address.ts'
import { LiveAnswer } from '../components/answer-view.tsx'
import {
  type Column,
  column,
  DataTable,
  entityColumn,
  severityColumn,
  timeColumn,
} from '../components/data-table.tsx'
import { Badge, Severity, toTone, useNow } from '../components/labels.tsx'
import { formatCount, formatNumber, type Tone } from '../components/value-texts.ts'

export function RuleList(): JSX.Element {
  return (
    <LiveAnswer path="/alerts/rules" what="the rules">
      {rules => (
        <>
          <p role="status">{describeRuleSet(rules)}</p>
          <DataTable
            name="rules"
            caption="rules"
            columns={COLUMNS}
            rows={rules.rules}
            getKey={({ rule }) => rule}
            getText={({ rule, condition, severity }) => `${rule} ${condition} ${severity}`}
            empty="No rules exist. Write one into a file of the rules folder."
          />
        </>
      )}
    </LiveAnswer>
  )
}

function describeRuleSet({ rules, hash, having, partitions, entities }: Rules): string {
  const about = `${formatCount(rules.length, 'rule')}. Alerting has the state of ${formatCount(entities, 'entity', 'entities')}.`
  if (hash === null)
    return `${about} The log has not activated any rules yet, so alerting uses the rules that it was deployed with.`
  const behind =
    having < partitions
      ? ` It is active in ${having} of ${partitions} partitions. The others have not read it yet, or have no records.`
      : ''
  return `${about} Rule set ${hash.slice(0, 8)} is active.${behind}`
}

const COLUMNS: readonly Column<RuleRow>[] = [
  column(
    'Rule',
    ({ rule, condition, paused }) => (
      <>
        <a href={buildAddress('/alerts/rules', { rule })}>{rule}</a> {paused && <Badge>paused</Badge>}
        <small class="second">{condition}</small>
      </>
    ),
    ({ rule }) => rule,
  ),
  severityColumn(),
  buildCountColumn(
    'Firing',
    ({ firing }) => firing,
    ({ severity }) => toTone(severity),
  ),
  buildCountColumn('Pending', ({ pending }) => pending),
  buildCountColumn('Recovering', ({ recovering }) => recovering),
  buildCountColumn('Silent', ({ silent }) => silent),
  buildCountColumn('Inactive', ({ inactive }) => inactive),
]

function buildCountColumn(
  heading: string,
  of: (row: RuleRow) => number | null,
  chooseTone: (row: RuleRow) => Tone = () => 'plain',
): Column<RuleRow> {
  return {
    heading,
    align: 'right',
    cell: row => {
      const count = of(row)
      if (count === null)
        return <span title="The rule applies to only some entities. Their number is unknown.">–</span>
      return <span class={count > 0 ? chooseTone(row) : 'muted'}>{formatNumber(count)}</span>
    },
    sortBy: row => of(row) ?? -1,
  }
}

/** Page of one rule: its condition, the entities for which it is pending or firing, and its text. */
export function OneRulePage({ name: identity }: { readonly name: string }): JSX.Element {
  const name = stripLabels(identity)
  return (
    <LiveAnswer path="/alerts/rules/one" query={{ rule: identity }} what="the rule">
      {rule => (
        <>
          {rule.rules.length === 0 && (
            <p class="warn">
              This rule is no longer active. Its alerts resolve within five minutes, when its entities are
              evaluated again.
            </p>
          )}
          {rule.rules.map(row => (
            <RuleDetails key={row.rule} row={row} />
          ))}
          <p class="row">
            <a class="button" href={buildAddress('/alerts/silences', { rule: name, new: 1 })}>
              Silence …
            </a>
            <a href={buildAddress('/alerts', { state: 'history', rule: name, hours: 168 })}>
              Alerts of the last 7 days
            </a>
          </p>
          <ActiveEntities rule={rule} />
        </>
      )}
    </LiveAnswer>
  )
}

/** Returns the name of a rule without its labels. */
function stripLabels(rule: string): string {
  return rule.replace(/\{.*$/s, '')
}

function RuleDetails({ row }: { readonly row: RuleAnswer['rules'][number] }): JSX.Element {
  const { rule, condition, severity, summary, paused, text, firing, pending, recovering, inactive, silent } =
    row
  const counts = [
    ['firing', firing],
    ['pending', pending],
    ['recovering', recovering],
    ['silent', silent],
    ['inactive', inactive],
  ] as const
  return (
    <section aria-label={rule} class="card">
      <p class="breaks">
        <Severity of={severity} /> <strong>{rule}</strong> {paused && <Badge>paused</Badge>}
      </p>
      <p>{condition}</p>
      <p class="muted">{summary}</p>
      <ul class="row">
        {counts.map(([name, count]) => (
          <li key={name}>
            <strong>{count === null ? '–' : formatNumber(count)}</strong> {name}
          </li>
        ))}
      </ul>
      <details>
        <summary>Definition, with all defaults</summary>
        <pre>{text}</pre>
      </details>
    </section>
  )
}

function ActiveEntities({ rule: { on, total } }: { readonly rule: RuleAnswer }): JSX.Element {
  const nowMs = useNow()
  const columns: readonly Column<ActiveEntityRow>[] = [
    entityColumn(),
    column(
      'State',
      ({ phase, isOfSilence, alert }) => {
        const text = isOfSilence ? 'silent' : phase
        return alert ? <a href={buildAddress('/alerts', { alert })}>{text}</a> : text
      },
      ({ phase }) => phase,
    ),
    timeColumn('Since', ({ since }) => since),
    column(
      'For',
      ({ since }) => durationText(Math.max(0, nowMs - Date.parse(since))),
      ({ since }) => -Date.parse(since),
    ),
  ]
  return (
    <section aria-label="Affected entities">
      <h2>Affected entities</h2>
      {total > on.length && (
        <p>{`${formatCount(total, 'entity', 'entities')}. The newest ${on.length} are listed.`}</p>
      )}
      <DataTable
        name="on"
        caption="affected entities"
        columns={columns}
        rows={on}
        getKey={({ entity, phase, isOfSilence }) => `${entity} ${phase} ${isOfSilence}`}
        getText={({ entity, phase }) => `${entity} ${phase}`}
        empty="No alerts of this rule are pending or firing."
      />
    </section>
  )
}
