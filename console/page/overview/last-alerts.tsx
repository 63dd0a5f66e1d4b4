/** The alerts that fired or resolved last. */
import type { JSX } from 'preact'
import type { Overview } from '../../api/overview/shapes.ts'
import { addressOf } from '../data/address.ts'
import { Badge } from '../parts/badge.tsx'
import { Empty } from '../parts/known.tsx'
import { Moment } from '../parts/moment.tsx'

export function LastAlerts({ overview }: { readonly overview: Overview }): JSX.Element {
  const { lastAlerts } = overview
  if (lastAlerts === null) return <Empty>The alerts topic cannot be read at the moment.</Empty>
  if (lastAlerts.length === 0)
    return (
      <Empty>
        No alert has fired yet. <a href="/alerts/rules">The rules</a> say when one does.
      </Empty>
    )
  return (
    <ol class="overview-alerts">
      {lastAlerts.map(({ id, state, severity, rule, entity, summary, startedAt, endedAt }) => (
        <li key={id}>
          <Moment at={endedAt ?? startedAt} />
          <Badge tone={state === 'resolved' ? 'good' : severity === 'critical' ? 'bad' : 'warn'}>
            {state === 'resolved' ? 'resolved' : severity}
          </Badge>
          <span class="overview-alert">
            <a href={addressOf('/alerts', { alert: id })}>{rule}</a> {summary || entity}
          </span>
        </li>
      ))}
    </ol>
  )
}
