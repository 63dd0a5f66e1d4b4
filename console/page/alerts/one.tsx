/** One alert: what it says, what caused it, what happened to it, and who takes it on. */
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { CauseOfAlert } from '../../api/alerts/cause.ts'
import type { OneAlert } from '../../api/alerts/one.ts'
import { addressOf } from '../data/address.ts'
import { useAnswer, useLive } from '../data/answers.ts'
import { traceIdOf } from '../data/trace.ts'
import { Badge } from '../parts/badge.tsx'
import { Outcome, type Said } from '../parts/confirm.tsx'
import { EntityLink } from '../parts/entity-link.tsx'
import { Known } from '../parts/known.tsx'
import { Moment } from '../parts/moment.tsx'
import { AcknowledgeButtons } from './acknowledge.tsx'
import { AlertChart } from './alert-chart.tsx'
import { useNow } from './hooks.ts'
import { Severity } from './marks.tsx'
import { comparedText, happenedText, lastsText, reasonText, valueText } from './words.ts'

export function OneAlertPage({ id }: { readonly id: string }): JSX.Element {
  const one = useLive<OneAlert>(addressOf('/alerts/one', { id }))
  const [said, tell] = useState<Said>()
  return (
    <>
      <Outcome of={said} />
      <Known of={one} what="the alert">
        {alert => (
          <>
            <Head alert={alert} tell={tell} />
            <AlertChart alert={alert} />
            <div class="grid-cards">
              <Facts alert={alert} />
              <div class="alerts-stack">
                <Cause id={id} alert={alert} />
                <Life alert={alert} />
              </div>
            </div>
          </>
        )}
      </Known>
    </>
  )
}

interface Props {
  readonly alert: OneAlert
}

interface HeadProps extends Props {
  /** Hears what came of an acknowledgement. */
  readonly tell: (said: Said | undefined) => void
}

function Head({ alert, tell }: HeadProps): JSX.Element {
  const { rule, entity, severity, state, summary, silencedBy, acknowledged } = alert
  const nowMs = useNow(1_000)
  const [source, ...subject] = entity.split(' ')
  return (
    <section class="alerts-head" aria-label="What it is">
      <p class="alerts-title">
        <Severity of={severity} /> <strong>{rule}</strong> of <EntityLink entity={entity} />
      </p>
      <p>{summary}</p>
      <p>
        <span class={state === 'firing' ? 'bad' : 'good'}>{lastsText(alert, nowMs)}</span>{' '}
        {acknowledged && <Badge title={acknowledged.comment ?? ''}>{`taken by ${acknowledged.by}`}</Badge>}{' '}
        {silencedBy.map(one => (
          <a key={one} href="/alerts/silences">
            <Badge>{`silenced by ${one}`}</Badge>
          </a>
        ))}
      </p>
      {state === 'firing' && (
        <div class="bar">
          <AcknowledgeButtons alert={alert} tell={tell} />
          <a
            class="alerts-button"
            href={addressOf('/alerts/silences', { rule, source, entity: subject.join(' '), new: 1 })}
          >
            Silence …
          </a>
        </div>
      )}
    </section>
  )
}

function Facts({ alert }: Props): JSX.Element {
  const { metric, family, activeAt, startedAt, endedAt, reason, labels, rule, phase, state, id } = alert
  const trace = traceIdOf(alert.traceparent)
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${value}`)
  return (
    <section aria-label="Facts" class="card">
      <h2>Facts</h2>
      <dl class="facts">
        {metric && <Fact name="Metric">{`${family}.${metric}`}</Fact>}
        <Fact name="Value">{comparedText(alert)}</Fact>
        <Fact name="Condition since">{<Moment at={activeAt} />}</Fact>
        <Fact name="Fired">{<Moment at={startedAt} />}</Fact>
        {endedAt && <Fact name="Resolved">{<Moment at={endedAt} />}</Fact>}
        {reason && <Fact name="Because">{reasonText(reason)}</Fact>}
        {state === 'firing' && <Fact name="Alerting says">{phaseText(phase)}</Fact>}
        {pairs.length > 0 && <Fact name="Labels">{pairs.join(', ')}</Fact>}
        <Fact name="Rule">{<a href={addressOf('/alerts/rules', { rule })}>{rule}</a>}</Fact>
        <Fact name="Others of it">
          <a href={addressOf('/alerts', { state: 'history', rule, hours: 168 })}>the last 7 days</a>
        </Fact>
        <Fact name="Notifications">
          <a href={addressOf('/alerts/notifications', { alert: id, hours: 168 })}>of the last 7 days</a>
        </Fact>
        <Fact name="Trace">
          {trace ? <a href={addressOf('/event', { trace })}>{trace}</a> : 'none: the reading had none'}
        </Fact>
        <Fact name="Id">
          <code>{id}</code>
        </Fact>
      </dl>
    </section>
  )
}

function phaseText(phase: OneAlert['phase']): string {
  if (phase === 'recovering') return 'recovering: the value has cleared, but not for long enough yet'
  return phase ?? 'does not know it any more: its end is on the way, or the state of alerting was lost'
}

function Fact({
  name,
  children,
}: {
  readonly name: string
  readonly children: JSX.Element | string
}): JSX.Element {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  )
}

const AS = {
  fired: 'With this reading the alert fired.',
  began: 'With this reading the condition began to hold; time did the rest.',
  last: 'This is the last reading of the entity before the alert fired.',
} as const

function Cause({ id, alert }: Props & { readonly id: string }): JSX.Element {
  const known = useAnswer<CauseOfAlert>(addressOf('/alerts/cause', { id }))
  return (
    <section aria-label="The reading that caused it" class="card">
      <h2>The reading that caused it</h2>
      <Known of={known} what="the reading that caused it">
        {({ cause, lookedAt }) =>
          cause ? (
            <>
              <p>{AS[cause.as]}</p>
              <dl class="facts">
                <Fact name="Read">{<Moment at={cause.time} />}</Fact>
                {alert.metric && (
                  <Fact name={alert.metric}>{valueText(valueIn(cause.data, alert.metric))}</Fact>
                )}
                <Fact name="Id">{<a href={addressOf('/event', { id: cause.id })}>{cause.id}</a>}</Fact>
                <Fact name="In Kafka">
                  <a
                    href={addressOf('/kafka/messages', {
                      topic: cause.topic,
                      partition: cause.partition,
                      offset: cause.offset,
                    })}
                  >{`partition ${cause.partition}, offset ${cause.offset}`}</a>
                </Fact>
              </dl>
              <p>
                <a href={addressOf('/event', { id: cause.id })}>Follow it through the system</a>
              </p>
            </>
          ) : (
            <p class="empty">Not found. {lookedAt}</p>
          )
        }
      </Known>
    </section>
  )
}

function valueIn(data: unknown, metric: string): number | string | null {
  const value = (data as Readonly<Record<string, unknown>> | null)?.[metric]
  return typeof value === 'number' || typeof value === 'string' ? value : null
}

function Life({ alert: { transitions, topic } }: Props): JSX.Element {
  return (
    <section aria-label="What happened to it" class="card">
      <h2>What happened to it</h2>
      {transitions.length === 0 && <p class="empty">Its events are no longer on the alerts topic.</p>}
      <ol class="alerts-life">
        {transitions.map(({ kind, time, partition, offset, reason, value, by, comment }) => (
          <li key={`${partition} ${offset}`} class={`alerts-${kind}`}>
            <strong>{happenedText(kind)}</strong> {by && `by ${by}`} <Moment at={time} />
            <br />
            {[reasonText(reason), value === undefined ? '' : `value ${valueText(value)}`, comment ?? '']
              .filter(one => one !== '')
              .join('; ')}{' '}
            <a class="muted" href={addressOf('/kafka/messages', { topic, partition, offset })}>
              {`${partition}@${offset}`}
            </a>
          </li>
        ))}
      </ol>
    </section>
  )
}
