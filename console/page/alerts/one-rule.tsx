/** One rule: what it looks for, for which entities it is on, and its text. */
import type { JSX } from 'preact'
import type { OneRule, OnRow } from '../../api/alerts/rules.ts'
import { addressOf } from '../data/address.ts'
import { useLive } from '../data/answers.ts'
import { Badge } from '../parts/badge.tsx'
import { EntityLink } from '../parts/entity-link.tsx'
import { Known } from '../parts/known.tsx'
import { Moment } from '../parts/moment.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { countText, durationText, numberText } from '../parts/words.ts'
import { useNow } from './hooks.ts'
import { Severity } from './marks.tsx'

export function OneRulePage({ rule }: { readonly rule: string }): JSX.Element {
  const one = useLive<OneRule>(addressOf('/alerts/rules/one', { rule }))
  return (
    <Known of={one} what="the rule">
      {known => (
        <>
          {known.rules.length === 0 && (
            <p class="warn">
              This rule is no longer in force. Its alerts resolve within five minutes, when its entities are
              looked at.
            </p>
          )}
          {known.rules.map(row => (
            <About key={row.rule} row={row} />
          ))}
          <p class="bar">
            <a class="alerts-button" href="/alerts/rules/edit">
              Edit and try rules
            </a>
            <a class="alerts-button" href={addressOf('/alerts/silences', { rule: nameOf(rule), new: 1 })}>
              Silence …
            </a>
            <a href={addressOf('/alerts', { state: 'history', rule: nameOf(rule), hours: 168 })}>
              Its alerts of the last 7 days
            </a>
          </p>
          <On known={known} />
        </>
      )}
    </Known>
  )
}

/** Without its labels. */
function nameOf(rule: string): string {
  return rule.replace(/\{.*$/s, '')
}

function About({ row }: { readonly row: OneRule['rules'][number] }): JSX.Element {
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
    <section aria-label={rule} class="alerts-head">
      <p class="alerts-title">
        <Severity of={severity} /> <strong>{rule}</strong> {paused && <Badge>paused</Badge>}
      </p>
      <p>{condition}</p>
      <p class="muted">{summary}</p>
      <ul class="alerts-counts">
        {counts.map(([name, count]) => (
          <li key={name}>
            <strong>{count === null ? '–' : numberText(count)}</strong> {name}
          </li>
        ))}
      </ul>
      <details>
        <summary>As text, with all that it leaves to the defaults</summary>
        <pre>{text}</pre>
      </details>
    </section>
  )
}

function On({ known: { on, total } }: { readonly known: OneRule }): JSX.Element {
  const nowMs = useNow()
  const columns: readonly Column<OnRow>[] = [
    {
      heading: 'Entity',
      cell: ({ entity }) => <EntityLink entity={entity} />,
      sortBy: ({ entity }) => entity,
    },
    {
      heading: 'State',
      cell: ({ phase, isOfSilence, alert }) => {
        const text = isOfSilence ? 'silent' : phase
        return alert ? <a href={addressOf('/alerts', { alert })}>{text}</a> : text
      },
      sortBy: ({ phase }) => phase,
    },
    {
      heading: 'Since',
      cell: ({ activeAt }) => <Moment at={activeAt} />,
      sortBy: ({ activeAt }) => activeAt,
    },
    {
      heading: 'For',
      cell: ({ activeAt }) => durationText(Math.max(0, nowMs - Date.parse(activeAt))),
      sortBy: ({ activeAt }) => -Date.parse(activeAt),
    },
  ]
  return (
    <section aria-label="Where it is on">
      <h2>Where it is on</h2>
      {total > on.length && (
        <p>{`${countText(total, 'entity', 'entities')}; the newest ${on.length} are listed.`}</p>
      )}
      <Table
        name="on"
        caption="entities for which it is on"
        columns={columns}
        rows={on}
        keyOf={({ entity, phase, isOfSilence }) => `${entity} ${phase} ${isOfSilence}`}
        textOf={({ entity, phase }) => `${entity} ${phase}`}
        empty="It is on for no entity: nothing is pending, and nothing fires."
      />
    </section>
  )
}
