/** A single alert: its description, its cause and its history. */

import type { JSX } from 'preact'
import { describeReason } from '../../../lib/tables/alert-end.ts'
import type { AlertDetails } from '../../api/alerts/alert-details.ts'
import { buildAddress, type Parameters } from '../client/address.ts'
import { useLive } from '../client/api-queries.ts'
import { AnswerView, SingleAnswer } from '../components/answer-view.tsx'
import { Facts } from '../components/facts.tsx'
import { Badge, EntityLink, Moment, Severity, splitEntity, toTone, useNow } from '../components/labels.tsx'
import { AlertChart } from './alert-chart.tsx'
import {
  describeDuration,
  formatAlertValue,
  formatValueAndThreshold,
  TRANSITION_TEXTS,
} from './alert-texts.ts'

export function AlertDetailsPage({ name: id }: { readonly name: string }): JSX.Element {
  const answer = useLive('/alerts/one', { id })
  return (
    <AnswerView of={answer} what="the alert">
      {alert => (
        <>
          <Head alert={alert} />
          <AlertChart alert={alert} />
          <div class="columns">
            <AboutAlert alert={alert} />
            <div class="alerts-stack">
              <Cause id={id} alert={alert} />
              <Life alert={alert} />
            </div>
          </div>
        </>
      )}
    </AnswerView>
  )
}

interface Props {
  readonly alert: AlertDetails
}

function Head({ alert }: Props): JSX.Element {
  const { rule, entity, severity, state, summary, silencedBy } = alert
  const nowMs = useNow(1_000)
  const { source, subject } = splitEntity(entity)
  return (
    <section class="card" aria-label="Details">
      <p class="breaks">
        <Severity of={severity} /> <strong>{rule}</strong> of <EntityLink entity={entity} />
      </p>
      <p>{summary}</p>
      <p>
        <span class={state === 'firing' ? toTone(severity) : 'good'}>{describeDuration(alert, nowMs)}</span>{' '}
        {silencedBy.map(silence => (
          <a key={silence} href="/alerts/silences">
            <Badge>{`silenced by ${silence}`}</Badge>
          </a>
        ))}
      </p>
      {state === 'firing' && (
        <div class="bar">
          <a
            class="button"
            href={buildAddress('/alerts/silences', { rule, source, entity: subject, new: 1 })}
          >
            Silence …
          </a>
        </div>
      )}
    </section>
  )
}

function AboutAlert({ alert }: Props): JSX.Element {
  const { metric, family, activeAt, startedAt, endedAt, reason, labels, rule, phase, state, id } = alert
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${value}`)
  return (
    <section aria-label="Facts" class="card">
      <h2>Facts</h2>
      <Facts
        of={[
          metric && ['Metric', `${family}.${metric}`],
          ['Value', formatValueAndThreshold(alert)],
          ['Condition since', <Moment key="since" at={activeAt} />],
          ['Fired', <Moment key="fired" at={startedAt} />],
          endedAt && ['Resolved', <Moment key="resolved" at={endedAt} />],
          reason && ['Reason', describeReason(reason)],
          state === 'firing' && ['State in alerting', describePhase(phase)],
          pairs.length > 0 && ['Labels', pairs.join(', ')],
          ['Rule', renderLink(rule, '/alerts/rules', { rule })],
          alert.traceparent && ['Trace', alert.traceparent],
          ['Id', <code key="id">{id}</code>],
        ]}
      />
    </section>
  )
}

function describePhase(phase: AlertDetails['phase']): string {
  if (phase === 'recovering') return 'recovering: the value has cleared, but its duration has not passed yet'
  return phase ?? 'no longer known to alerting: it is about to resolve, or the state of alerting was lost'
}

function renderLink(text: string, path: string, parameters: Parameters): JSX.Element {
  return <a href={buildAddress(path, parameters)}>{text}</a>
}

const AS = {
  fired: 'The alert fired with this reading.',
  began: 'The condition began with this reading; the alert fired after its duration.',
  last: 'This is the last reading of the entity before the alert fired.',
} as const

function Cause({ id, alert }: Props & { readonly id: string }): JSX.Element {
  return (
    <section aria-label="The reading that caused it" class="card">
      <h2>The reading that caused it</h2>
      <SingleAnswer path="/alerts/cause" query={{ id }} what="the causing reading">
        {({ cause, incomplete }) =>
          cause ? (
            <>
              <p>{AS[cause.as]}</p>
              <Facts
                of={[
                  ['Read', <Moment key="read" at={cause.time} />],
                  alert.metric && [alert.metric, formatAlertValue(getValue(cause.data, alert.metric), alert)],
                  ['Id', cause.id],
                  [
                    'In Kafka',
                    renderLink(`partition ${cause.partition}, offset ${cause.offset}`, '/kafka/messages', {
                      topic: cause.topic,
                      partition: cause.partition,
                      offset: cause.offset,
                    }),
                  ],
                ]}
              />
            </>
          ) : (
            <p class="empty">Not found. {incomplete}</p>
          )
        }
      </SingleAnswer>
    </section>
  )
}

function getValue(data: unknown, metric: string): number | string | null {
  const value = (data as Readonly<Record<string, unknown>> | null)?.[metric]
  return typeof value === 'number' || typeof value === 'string' ? value : null
}

function Life({ alert: { transitions, topic, unit } }: Props): JSX.Element {
  return (
    <section aria-label="Events of the alert" class="card">
      <h2>Events of the alert</h2>
      {transitions.length === 0 && (
        <p class="empty">The events of this alert are no longer in the alerts topic.</p>
      )}
      <ol class="list life">
        {transitions.map(({ kind, time, partition, offset, reason, value, threshold }) => (
          <li key={`${partition} ${offset}`} class={kind}>
            <strong>{TRANSITION_TEXTS[kind]}</strong> <Moment at={time} />
            <br />
            {[
              describeReason(reason),
              value === undefined ? '' : `value ${formatAlertValue(value, { threshold, unit })}`,
            ]
              .filter(label => label !== '')
              .join('; ')}{' '}
            <a class="muted" href={buildAddress('/kafka/messages', { topic, partition, offset })}>
              {`${partition}@${offset}`}
            </a>
          </li>
        ))}
      </ol>
    </section>
  )
}
