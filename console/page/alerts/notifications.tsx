/** Sent notifications with their time, recipients, alerts and outcomes. */
import type { JSX } from 'preact'
import type { NotificationRow } from '../../api/alerts/notifications.ts'
import { addressOf, useParameter } from '../data/address.ts'
import { Choice } from '../parts/forms.tsx'
import { Live } from '../parts/known.tsx'
import { Badge, type Tone } from '../parts/marks.tsx'
import { type Column, column, Table, textColumn, timeColumn } from '../parts/table.tsx'
import { countText } from '../parts/words.ts'

const HOURS = [
  ['1', 'last hour'],
  ['24', 'last day'],
  ['168', 'last 7 days'],
] as const

export function NotificationsPage(): JSX.Element {
  const [hours, setHours] = useParameter('hours', '24')
  const [alert] = useParameter('alert')
  return (
    <>
      <form class="bar" onSubmit={event => event.preventDefault()} aria-label="Which notifications">
        <Choice label="Sent in the" value={hours} set={setHours} options={HOURS} />
      </form>
      {alert && (
        <p>
          Those of <a href={addressOf('/alerts', { alert })}>one alert</a>.{' '}
          <a href="/alerts/notifications">Show all</a>
        </p>
      )}
      <Live path="/alerts/notifications" query={{ hours, alert }} keep what="the notifications">
        {({ notifications, total, leftOut }) => (
          <>
            <p role="status">
              {countText(total, 'notification')} in this time.
              {total > notifications.length && ` The newest ${notifications.length} are listed.`}
              {leftOut > 0 && ` ${countText(leftOut, 'older record')} of the topic not read.`}
            </p>
            <Table
              name="notifications"
              caption="notifications"
              columns={COLUMNS}
              rows={notifications}
              keyOf={({ id }) => id}
              textOf={({ group, receivers, alerts }) =>
                [group, ...receivers, ...alerts.map(({ rule, entity }) => `${rule} ${entity}`)].join(' ')
              }
              firstOrder="-Sent"
              empty="No notifications were sent in this time. Choose a longer time."
            />
          </>
        )}
      </Live>
    </>
  )
}

const COLUMNS: readonly Column<NotificationRow>[] = [
  timeColumn('Sent', ({ at }) => at),
  textColumn('Reason', ({ reason }) => reason),
  column('Receivers', ({ receivers }) => receivers.join(', ')),
  column('Alerts', ({ alerts, omitted }) => <Alerts alerts={alerts} omitted={omitted} />),
  column('Outcome', ({ outcomes }) => (
    <ul class="list">
      {outcomes.map(one => (
        <Outcome key={one.sink} outcome={one} />
      ))}
    </ul>
  )),
  column('Event', ({ id }) => <a href={addressOf('/event', { id })}>its way</a>),
]

function Alerts({ alerts, omitted }: Pick<NotificationRow, 'alerts' | 'omitted'>): JSX.Element {
  return (
    <ul class="list">
      {alerts.map(({ id, rule, status, entity }) => (
        <li key={id}>
          <a href={addressOf('/alerts', { alert: id })}>{rule}</a> {status} <small>{entity}</small>
        </li>
      ))}
      {omitted > 0 && <li>and {countText(omitted, 'other')}</li>}
      {alerts.length === 0 && omitted === 0 && <li>none</li>}
    </ul>
  )
}

type Outcome = NotificationRow['outcomes'][number]

const STATES: Readonly<Record<Outcome['state'], { tone: Tone; text: string; title: string }>> = {
  waiting: { tone: 'warn', text: 'waiting', title: 'Not processed yet, or a receiver does not respond' },
  passed: { tone: 'good', text: 'done', title: 'All named receivers have accepted it' },
  failed: {
    tone: 'warn',
    text: 'failed, being retried',
    title: 'A receiver has rejected it, and it will be retried',
  },
  'dead-letter': {
    tone: 'bad',
    text: 'dead letter',
    title: 'A receiver has rejected it, and it will not be retried',
  },
}

function Outcome({ outcome: { sink, state, error, letter } }: { readonly outcome: Outcome }): JSX.Element {
  const { tone, text, title } = STATES[state]
  const badge = (
    <Badge tone={tone} title={title}>
      {text}
    </Badge>
  )
  return (
    <li>
      {sink} {letter ? <a href={addressOf('/failures', { letter })}>{badge}</a> : badge}
      {error && <small class="second">{error}</small>}
    </li>
  )
}
