/** One entity of any family: its metrics, its rules and alerts, its rows in tables, and its dead letters. */

import type { ComponentChildren, JSX } from 'preact'
import { useMemo } from 'preact/hooks'
import type { EntityNow } from '../../api/telemetry/entity-details.ts'
import { buildAddress } from '../client/address.ts'
import { useLive } from '../client/api-queries.ts'
import { useParameter } from '../client/url-parameters.ts'
import { AnswerView } from '../components/answer-view.tsx'
import { TextField } from '../components/form-fields.tsx'
import { Moment, splitEntity, toTone } from '../components/labels.tsx'
import { formatNumber } from '../components/value-texts.ts'
import { ChartBar, useHistory } from './chart-history.tsx'
import { HOUR } from './chart-range.ts'
import { EntityCharts } from './entity-charts.tsx'
import { EntityDeadLetters, EntityTables } from './entity-results.tsx'
import { NewestReadings, Rules, Statistics } from './entity-sections.tsx'
import { MAX_LINES, selectShown } from './entity-series.ts'
import { describeSearchLimit } from './telemetry-texts.ts'

export function EntityDetailsPage({ name: entity }: { readonly name: string }): JSX.Element {
  const { source, subject } = splitEntity(entity)
  const [metric] = useParameter('metric')
  const history = useHistory({ entities: entity, metric }, HOUR)
  const answer = useLive('/telemetry/entity', { entity, hours: history.range.hours }, { keep: true })
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

type EntityProps = { readonly now: EntityNow; readonly history: ReturnType<typeof useHistory> }

function Entity({ now, history }: EntityProps): JSX.Element {
  const [metric, setMetric] = useParameter('metric')
  const shown = useMemo(() => selectShown(now.metrics, metric), [now.metrics, metric])
  const limit = describeSearchLimit(now.searched)
  return (
    <>
      <EntityFacts now={now} />
      <Alerts now={now} />
      <h2>Metrics in the last {history.range.text}</h2>
      <ChartBar of={history} otherwise={HOUR}>
        {(now.metrics.length > MAX_LINES || metric !== '') && (
          <TextField
            value={metric}
            set={setMetric}
            label="Metrics"
            placeholder={`part of a name, of ${formatNumber(now.metrics.length)}`}
          />
        )}
      </ChartBar>
      <AnswerView of={history} what="the history of the entity">
        {answer => <EntityCharts now={now} range={history.range} history={answer} shown={shown} />}
      </AnswerView>
      <Statistics now={now} />
      <Rules now={now} />
      <EntityTables subject={now.subject} />
      <EntityDeadLetters entity={now.entity} />
      <NewestReadings now={now} shown={shown} />
      {limit && <p class="warn">{limit}</p>}
    </>
  )
}

function EntityFacts({ now }: { readonly now: EntityNow }): JSX.Element {
  const { family, readings, lastAt, activity, tags, topic, partition } = now
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
      {Object.entries(tags).map(([name, value]) => (
        <Fact key={name} name={`Tag ${name}`}>
          <a href={buildAddress('/kafka/messages', { topic, text: String(value) })}>{String(value)}</a>
        </Fact>
      ))}
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
        <a href={buildAddress('/alerts', { state: 'all', entity: subject })}>Past alerts</a>
      </p>
    </>
  )
}
