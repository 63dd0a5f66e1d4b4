/** The rules that are in force, and how they stand. */
import type { JSX } from 'preact'
import type { RuleRow, Rules } from '../../api/alerts/rules.ts'
import { addressOf } from '../data/address.ts'
import { useLive } from '../data/answers.ts'
import { Badge } from '../parts/badge.tsx'
import { Known } from '../parts/known.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { countText, numberText } from '../parts/words.ts'
import { Severity } from './marks.tsx'

export function RuleList(): JSX.Element {
  const known = useLive<Rules>('/alerts/rules')
  return (
    <Known of={known} what="the rules">
      {rules => (
        <>
          <p role="status">{aboutText(rules)}</p>
          <p>
            <a class="alerts-button" href="/alerts/rules/edit">
              Edit and try rules
            </a>
          </p>
          <Table
            name="rules"
            caption="rules"
            columns={COLUMNS}
            rows={rules.rules}
            keyOf={({ rule }) => rule}
            textOf={({ rule, condition, severity }) => `${rule} ${condition} ${severity}`}
            empty="There is no rule. Write one, and try it on the readings of the last hours."
          />
        </>
      )}
    </Known>
  )
}

function aboutText({ rules, hash, having, partitions, entities }: Rules): string {
  const about = `${countText(rules.length, 'rule')}; alerting remembers ${countText(entities, 'entity', 'entities')}.`
  if (hash === null)
    return `${about} The log has not activated any rules yet: alerting uses those that it was deployed with.`
  const behind =
    having < partitions
      ? ` In ${having} of ${partitions} partitions; the others have not read them yet, or hold no record.`
      : ''
  return `${about} Rule set ${hash.slice(0, 8)} is in force.${behind}`
}

const COLUMNS: readonly Column<RuleRow>[] = [
  {
    heading: 'Rule',
    cell: ({ rule, condition, paused }) => (
      <>
        <a href={addressOf('/alerts/rules', { rule })}>{rule}</a> {paused && <Badge>paused</Badge>}
        <small class="alerts-summary">{condition}</small>
      </>
    ),
    sortBy: ({ rule }) => rule,
  },
  {
    heading: 'Severity',
    cell: ({ severity }) => <Severity of={severity} />,
    sortBy: ({ severity }) => ['critical', 'warning', 'info'].indexOf(severity),
  },
  countColumn('Firing', ({ firing }) => firing, 'bad'),
  countColumn('Pending', ({ pending }) => pending, 'warn'),
  countColumn('Recovering', ({ recovering }) => recovering, 'warn'),
  countColumn('Silent', ({ silent }) => silent, 'bad'),
  countColumn('Inactive', ({ inactive }) => inactive, ''),
]

function countColumn(
  heading: string,
  of: (row: RuleRow) => number | null,
  kind: 'bad' | 'warn' | '',
): Column<RuleRow> {
  return {
    heading,
    align: 'right',
    cell: row => {
      const count = of(row)
      if (count === null) return <span title="It watches only some entities: how many is not known.">–</span>
      return <span class={count > 0 ? kind : 'muted'}>{numberText(count)}</span>
    },
    sortBy: row => of(row) ?? -1,
  }
}
