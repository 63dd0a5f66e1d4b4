/** Active alert rules and their state. */

import type { JSX } from 'preact'
import { durationText } from '../../../lib/support/duration.ts'
import type { ActiveEntityRow, RuleAnswer } from '../../api/alerts/rules.ts'
import { buildAddress } from '../client/address.ts'
import { LiveAnswer } from '../components/answer-view.tsx'
import { type Column, column, DataTable, entityColumn, timeColumn } from '../components/data-table.tsx'
import { Badge, Severity, useNow } from '../components/labels.tsx'
import { formatCount, formatNumber } from '../components/value-texts.ts'
import { QuestionList } from '../questions/question-list.tsx'

export function RuleList(): JSX.Element {
  return <QuestionList path="/alerts/rules" />
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
            <a href={buildAddress('/alerts', { state: 'all', rule: name, since: '7d' })}>
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
