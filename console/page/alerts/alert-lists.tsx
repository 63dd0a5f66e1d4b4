/** Lists of firing, past and pending alerts. */

import type { JSX } from 'preact'
import type { AlertRow, PendingAlerts } from '../../api/alerts/alert-lists.ts'
import { buildAddress } from '../client/address.ts'
import { useParameter } from '../client/url-parameters.ts'
import { LiveAnswer } from '../components/answer-view.tsx'
import {
  type Column,
  column,
  DataTable,
  entityColumn,
  severityColumn,
  textColumn,
  timeColumn,
} from '../components/data-table.tsx'
import { Badge, useNow } from '../components/labels.tsx'
import { formatCount, formatNumber } from '../components/value-texts.ts'
import { type AlertQuery, ListFilter, useListFilter } from './alert-list-filter.tsx'
import { describeDuration, describeReason, formatAlertValue } from './alert-texts.ts'

export function AlertList(): JSX.Element {
  const [state] = useParameter('state', 'firing')
  const query = useListFilter()
  return (
    <>
      <ListFilter />
      {state === 'pending' ? (
        <PendingList query={query} />
      ) : state === 'history' ? (
        <PastList query={query} />
      ) : (
        <FiringList query={query} />
      )}
    </>
  )
}

interface Props {
  readonly query: AlertQuery
}

function FiringList({ query: { filter, isNarrowed } }: Props): JSX.Element {
  return (
    <LiveAnswer path="/alerts/now" query={filter} keep what="the firing alerts">
      {({ alerts, total, firing, behind }) => (
        <>
          <p role="status">
            {isNarrowed
              ? `${formatNumber(total)} of ${formatCount(firing, 'firing alert')}.`
              : `${formatCount(firing, 'alert')} firing now.`}
            {total > alerts.length && ` The newest ${alerts.length} are listed.`} <LagWarning of={behind} />
          </p>
          <AlertTable
            alerts={alerts}
            caption="alerts that fire"
            empty={
              isNarrowed ? (
                'No firing alerts match the filter.'
              ) : (
                <>
                  Nothing fires. <a href="/alerts?state=history">What has fired lately</a>, and{' '}
                  <a href="/alerts/rules">which rules watch</a>.
                </>
              )
            }
          />
        </>
      )}
    </LiveAnswer>
  )
}

function PastList({ query: { filter, hours, isNarrowed } }: Props): JSX.Element {
  return (
    <LiveAnswer path="/alerts/history" query={{ ...filter, hours }} keep what="the past alerts">
      {({ alerts, total, leftOut, isCut }) => (
        <>
          <p role="status">
            {formatCount(total, 'alert')} in this time.
            {total > alerts.length && ` The newest ${alerts.length} are listed.`}
            {isCut && ' The time limit was reached, so the list is incomplete. Choose a shorter time.'}
            {leftOut > 0 &&
              ` ${formatCount(leftOut, 'older record')} of the topic not read. Choose a shorter time to see all alerts.`}
          </p>
          <AlertTable
            alerts={alerts}
            caption="alerts that have fired"
            empty={`No ${isNarrowed ? 'matching ' : ''}alerts fired in this time. Choose a longer time.`}
          />
        </>
      )}
    </LiveAnswer>
  )
}

function PendingList({ query: { filter } }: Props): JSX.Element {
  return (
    <LiveAnswer path="/alerts/pending" query={filter} keep what="the pending alerts">
      {({ pending: rows, total }) => (
        <>
          <p role="status">
            {formatCount(total, 'alert')} pending: the condition holds, but not for long enough yet.
            {total > rows.length && ` ${rows.length} are listed.`}
          </p>
          <DataTable
            name="pending"
            caption="alerts that are pending"
            rows={rows}
            getKey={({ rule, entity }) => `${rule} ${entity}`}
            columns={PENDING_COLUMNS}
            empty="No alerts are pending."
          />
        </>
      )}
    </LiveAnswer>
  )
}

const PENDING_COLUMNS: readonly Column<PendingAlerts['pending'][number]>[] = [
  textColumn('Rule', ({ rule }) => rule),
  entityColumn(),
  timeColumn('Since', ({ activeAt }) => activeAt),
]

function LagWarning({ of: behind }: { readonly of: number | null }): JSX.Element | null {
  if (behind === 0) return null
  return (
    <span class="warn">
      {behind === null
        ? 'The list may be out of date, because Kafka could not be asked.'
        : `The list is out of date: notifier has not yet read ${formatCount(behind, 'record')} of the alerts topic.`}
    </span>
  )
}

interface TableProps {
  readonly alerts: readonly AlertRow[]
  readonly caption: string
  readonly empty: JSX.Element | string
}

function AlertTable({ alerts, caption, empty }: TableProps): JSX.Element {
  const nowMs = useNow()
  const columns: readonly Column<AlertRow>[] = [
    column(
      'Alert',
      ({ id, rule, summary }) => (
        <>
          <a href={buildAddress('/alerts', { alert: id })}>{rule}</a>
          <small class="second">{summary}</small>
        </>
      ),
      ({ rule }) => rule,
    ),
    entityColumn(),
    severityColumn(),
    timeColumn('Fired', ({ startedAt }) => startedAt),
    {
      heading: 'Value',
      align: 'right',
      cell: alert => formatAlertValue(alert.value, alert),
      sortBy: ({ value }) => (typeof value === 'number' ? value : Number.NEGATIVE_INFINITY),
    },
    column(
      'State',
      alert => (
        <>
          <span title={describeReason(alert.reason)}>{describeDuration(alert, nowMs)}</span>{' '}
          {alert.silencedBy.length > 0 && <Badge>silenced</Badge>}
        </>
      ),
      ({ state }) => state,
    ),
  ]
  return (
    <DataTable
      name="alerts"
      caption={caption}
      columns={columns}
      rows={alerts}
      getKey={({ id }) => id}
      empty={empty}
    />
  )
}
