/** The alerts that fire now, those that have fired, and those that may soon. */
import type { JSX } from 'preact'
import type { AlertHistory, AlertRow, AlertsNow, PendingAlerts } from '../../api/alerts/lists.ts'
import { addressOf, useParameter } from '../data/address.ts'
import { useLive } from '../data/answers.ts'
import { Badge } from '../parts/badge.tsx'
import { EntityLink } from '../parts/entity-link.tsx'
import { Known } from '../parts/known.tsx'
import { Moment } from '../parts/moment.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { countText, numberText } from '../parts/words.ts'
import { useNow } from './hooks.ts'
import { type AlertQuery, ListFilter, useListFilter } from './list-filter.tsx'
import { Severity } from './marks.tsx'
import { lastsText, reasonText, valueText } from './words.ts'

export function AlertList(): JSX.Element {
  const [state] = useParameter('state', 'firing')
  const query = useListFilter()
  return (
    <>
      <ListFilter />
      {state === 'pending' ? (
        <Pending query={query} />
      ) : state === 'history' ? (
        <History query={query} />
      ) : (
        <Now query={query} />
      )}
    </>
  )
}

interface Props {
  readonly query: AlertQuery
}

function Now({ query: { filter, isNarrowed } }: Props): JSX.Element {
  const now = useLive<AlertsNow>(addressOf('/alerts/now', filter), { keep: true })
  return (
    <Known of={now} what="the alerts that fire">
      {({ alerts, total, firing, behind }) => (
        <>
          <p role="status">
            {isNarrowed
              ? `${numberText(total)} of ${countText(firing, 'alert')} that fire now.`
              : `${countText(firing, 'alert')} firing now.`}
            {total > alerts.length && ` The newest ${alerts.length} are listed.`} <Behind of={behind} />
          </p>
          <AlertTable
            alerts={alerts}
            caption="alerts that fire"
            empty={
              isNarrowed ? (
                'No alert that fires fits the filter.'
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
    </Known>
  )
}

function History({ query: { filter, hours, isNarrowed } }: Props): JSX.Element {
  const history = useLive<AlertHistory>(addressOf('/alerts/history', { ...filter, hours }), { keep: true })
  return (
    <Known of={history} what="the alerts that have fired">
      {({ alerts, total, leftOut, isCut }) => (
        <>
          <p role="status">
            {countText(total, 'alert')} in this time.
            {total > alerts.length && ` The newest ${alerts.length} are listed.`}
            {isCut && ' Reading took too long, so not all of them are here: choose a shorter time.'}
            {leftOut > 0 &&
              ` ${countText(leftOut, 'older record')} of the topic not read: choose a shorter time to be sure of all.`}
          </p>
          <AlertTable
            alerts={alerts}
            caption="alerts that have fired"
            empty={`No alert${isNarrowed ? ' that fits the filter' : ''} fired in this time. Choose a longer one.`}
          />
        </>
      )}
    </Known>
  )
}

function Pending({ query: { filter } }: Props): JSX.Element {
  const pending = useLive<PendingAlerts>(addressOf('/alerts/pending', filter), { keep: true })
  return (
    <Known of={pending} what="the alerts that are pending">
      {({ pending: rows, total }) => (
        <>
          <p role="status">
            {countText(total, 'alert')} pending: the condition holds, but not for long enough yet.
            {total > rows.length && ` ${rows.length} are listed.`}
          </p>
          <Table
            name="pending"
            caption="alerts that are pending"
            rows={rows}
            keyOf={({ rule, entity }) => `${rule} ${entity}`}
            columns={[
              { heading: 'Rule', cell: ({ rule }) => rule, sortBy: ({ rule }) => rule },
              {
                heading: 'Entity',
                cell: ({ entity }) => <EntityLink entity={entity} />,
                sortBy: ({ entity }) => entity,
              },
              {
                heading: 'Since',
                cell: ({ activeAt }) => <Moment at={activeAt} />,
                sortBy: ({ activeAt }) => activeAt,
              },
            ]}
            empty="No alert is pending."
          />
        </>
      )}
    </Known>
  )
}

function Behind({ of: behind }: { readonly of: number | null }): JSX.Element | null {
  if (behind === 0) return null
  return (
    <span class="warn">
      {behind === null
        ? 'Kafka does not answer, so it is not known whether this is up to date.'
        : `Not up to date: firing-alerts has ${countText(behind, 'record')} of the alerts topic still to read.`}
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
    {
      heading: 'Alert',
      cell: ({ id, rule, summary }) => (
        <>
          <a href={addressOf('/alerts', { alert: id })}>{rule}</a>
          <small class="alerts-summary">{summary}</small>
        </>
      ),
      sortBy: ({ rule }) => rule,
    },
    {
      heading: 'Entity',
      cell: ({ entity }) => <EntityLink entity={entity} />,
      sortBy: ({ entity }) => entity,
    },
    {
      heading: 'Severity',
      cell: ({ severity }) => <Severity of={severity} />,
      sortBy: ({ severity }) => ['critical', 'warning', 'info'].indexOf(severity),
    },
    {
      heading: 'Fired',
      cell: ({ startedAt }) => <Moment at={startedAt} />,
      sortBy: ({ startedAt }) => startedAt,
    },
    {
      heading: 'Value',
      align: 'right',
      cell: ({ value }) => valueText(value),
      sortBy: ({ value }) => (typeof value === 'number' ? value : Number.NEGATIVE_INFINITY),
    },
    {
      heading: 'State',
      cell: alert => (
        <>
          <span title={reasonText(alert.reason)}>{lastsText(alert, nowMs)}</span>{' '}
          {alert.acknowledged && (
            <Badge title={alert.acknowledged.comment ?? ''}>{`taken by ${alert.acknowledged.by}`}</Badge>
          )}{' '}
          {alert.silencedBy.length > 0 && <Badge>silenced</Badge>}
        </>
      ),
      sortBy: ({ state }) => state,
    },
  ]
  return (
    <Table
      name="alerts"
      caption={caption}
      columns={columns}
      rows={alerts}
      keyOf={({ id }) => id}
      empty={empty}
    />
  )
}
