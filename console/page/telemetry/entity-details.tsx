/** One entity of any family: its metrics, its rules and alerts, its rows in tables, and its dead letters. */

import type { ComponentChildren, JSX } from 'preact'
import { useMemo } from 'preact/hooks'
import type { EntityNow } from '../../api/telemetry/entity-details.ts'
import type { EntityHistory } from '../../api/telemetry/entity-history.ts'
import { buildAddress } from '../client/address.ts'
import { type Answer, useLive } from '../client/api-queries.ts'
import { useParameter } from '../client/url-parameters.ts'
import { AnswerView } from '../components/answer-view.tsx'
import { Moment, splitEntity, toTone } from '../components/labels.tsx'
import { formatNumber } from '../components/value-texts.ts'
import { EntityCharts } from './entity-charts.tsx'
import { MetricFilter } from './entity-list.tsx'
import { EntityDeadLetters, EntityTables } from './entity-results.tsx'
import { NewestReadings, Rules, Statistics } from './entity-sections.tsx'
import { selectShown } from './entity-series.ts'
import { describeSearchLimit } from './telemetry-texts.ts'

export function EntityDetailsPage({ name: entity }: { readonly name: string }): JSX.Element {
  const { source, subject } = splitEntity(entity)
  const answer = useLive('/telemetry/entity', { entity })
  const history = useLive('/telemetry/history', { entity })
  return (
    <>
      <nav aria-label="Way back" class="back">
        <a href={buildAddress('/telemetry', { family: answer.answer?.family })}>All entities</a>
      </nav>
      <h1>{subject || entity}</h1>
      <p class="muted">{source}</p>
      <AnswerView of={answer} what="the entity">
        {now => <Entity now={now} history={history} />}
      </AnswerView>
    </>
  )
}

interface EntityProps {
  readonly now: EntityNow
  readonly history: Answer<EntityHistory>
}

function Entity({ now, history }: EntityProps): JSX.Element {
  const [metric] = useParameter('metric')
  const shown = useMemo(() => selectShown(now.metrics, metric), [now.metrics, metric])
  const limits = [
    describeSearchLimit(now.searched),
    history.answer && describeSearchLimit(history.answer.searched),
  ].filter(text => text !== undefined)
  return (
    <>
      <EntityFacts now={now} />
      <Alerts now={now} />
      <h2>Metrics in the last hour</h2>
      <form class="bar" onSubmit={event => event.preventDefault()}>
        <MetricFilter metrics={now.metrics.length} />
      </form>
      {now.endsEarly && (
        <p class="warn">
          Its newest reading is older than an hour, so the charts end there: <Moment at={now.lastAt} />.
        </p>
      )}
      {history.problem && (
        <p class="problem" role="alert">
          {history.problem.message}
        </p>
      )}
      <EntityCharts now={now} history={history.answer} shown={shown} />
      {limits.length > 0 && <p class="warn">{limits[0]}</p>}
      <Statistics now={now} />
      <Rules now={now} />
      <EntityTables subject={now.subject} />
      <EntityDeadLetters entity={now.entity} />
      <NewestReadings now={now} shown={shown} />
    </>
  )
}

function EntityFacts({ now }: { readonly now: EntityNow }): JSX.Element {
  const { family, readings, lastAt, activity, topic, partition } = now
  return (
    <dl class="tiles">
      <Fact name="Family">{family}</Fact>
      <Fact name="Last reading">
        <Moment at={lastAt} />
      </Fact>
      <Fact name="Readings">{formatNumber(readings)}</Fact>
      {activity?.doing && activity.since && (
        <Fact name="Activity">
          {activity.doing}{' '}
          <small>
            since <Moment at={activity.since} />
          </small>
        </Fact>
      )}
      {activity?.silentSince && (
        <Fact name="Activity">
          <span class="warn">
            silent{' '}
            <small>
              since <Moment at={activity.silentSince} />
            </small>
          </span>
        </Fact>
      )}
      <Fact name="In Kafka">
        <a href={buildAddress('/kafka/messages', { topic, partition })}>partition {partition}</a>
      </Fact>
    </dl>
  )
}

function Fact({ name, children }: { name: string; children: ComponentChildren }): JSX.Element {
  return (
    <div class="tile">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

/** Shows firing, recovering and pending alerts. */
function Alerts({ now: { alerts, subject } }: { readonly now: EntityNow }): JSX.Element {
  return (
    <>
      <ul class="list" aria-label="Alerts of this entity">
        {alerts.map(({ rule, phase, activeAt, alert }) => (
          <li key={`${rule} ${alert?.alertId}`} class={toTone(alert?.severity)}>
            <strong>{phase}</strong>{' '}
            {alert ? <a href={buildAddress('/alerts', { alert: alert.alertId })}>{alert.summary}</a> : rule}
            {', '}
            since <Moment at={alert?.startedAt ?? activeAt} />
          </li>
        ))}
      </ul>
      <p>
        {alerts.length === 0 && 'No alerts are firing. '}
        <a href={buildAddress('/alerts', { state: 'history', entity: subject })}>Past alerts</a>
      </p>
    </>
  )
}
