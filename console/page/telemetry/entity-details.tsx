/** One entity of any family: its metrics, its rules and alerts, its rows in tables, and its dead letters. */

import type { ComponentChildren, JSX } from 'preact'
import { useMemo } from 'preact/hooks'
import type { EntityNow } from '../../api/telemetry/entity-details.ts'
import type { EntityHistory } from '../../api/telemetry/entity-history.ts'
import type { StoredHistory } from '../../api/telemetry/stored-history.ts'
import type { Problem } from '../../http/problem.ts'
import { buildAddress } from '../client/address.ts'
import { type Answer, useLive } from '../client/api-queries.ts'
import { useParameter } from '../client/url-parameters.ts'
import { AnswerView } from '../components/answer-view.tsx'
import { Choice, useSettled } from '../components/form-fields.tsx'
import { Moment, splitEntity, toTone } from '../components/labels.tsx'
import { formatNumber } from '../components/value-texts.ts'
import { type ChartRange, findRange, HOUR, RANGES } from './chart-range.ts'
import { EntityCharts } from './entity-charts.tsx'
import { MetricFilter } from './entity-list.tsx'
import { EntityDeadLetters, EntityTables } from './entity-results.tsx'
import { NewestReadings, Rules, Statistics } from './entity-sections.tsx'
import { selectShown } from './entity-series.ts'
import { describeSearchLimit } from './telemetry-texts.ts'

export function EntityDetailsPage({ name: entity }: { readonly name: string }): JSX.Element {
  const { source, subject } = splitEntity(entity)
  const [name] = useParameter('range', HOUR.name)
  const [metric] = useParameter('metric')
  const chosen = findRange(name) ?? HOUR
  const query = { entity, hours: chosen.hours, metric: useSettled(metric) }
  const stored = useLive('/telemetry/stored', query, { skip: chosen === HOUR, everyMs: STORED_MS })
  // Without the database, the topics still have the last hour.
  const range = stored.problem ? HOUR : chosen
  const answer = useLive('/telemetry/entity', { entity, hours: range.hours }, { keep: true })
  const history = useLive('/telemetry/history', { entity })
  return (
    <>
      <nav aria-label="Way back" class="back">
        <a href={buildAddress('/telemetry', { family: answer.answer?.family })}>All entities</a>
      </nav>
      <h1>{subject || entity}</h1>
      <p class="muted">{source}</p>
      <AnswerView of={answer} what="the entity">
        {now => <Entity now={now} history={history} range={range} stored={stored} />}
      </AnswerView>
    </>
  )
}

/** Interval at which the database is asked again, in milliseconds. Its newest point is that of the last minute. */
const STORED_MS = 30_000

interface EntityProps {
  readonly now: EntityNow
  /** Range that is shown. */
  readonly range: ChartRange
  readonly stored: Answer<StoredHistory>
  readonly history: Answer<EntityHistory>
}

function Entity({ now, history, range, stored }: EntityProps): JSX.Element {
  const [metric] = useParameter('metric')
  const shown = useMemo(() => selectShown(now.metrics, metric), [now.metrics, metric])
  const limits = [
    describeSearchLimit(now.searched),
    range === HOUR && history.answer ? describeSearchLimit(history.answer.searched) : undefined,
  ].filter(text => text !== undefined)
  return (
    <>
      <EntityFacts now={now} />
      <Alerts now={now} />
      <h2>Metrics in the last {range.text}</h2>
      <form class="bar" onSubmit={event => event.preventDefault()}>
        <RangeChoice need={now.chartsNeed} />
        <MetricFilter metrics={now.metrics.length} />
      </form>
      <RangeNotes need={now.chartsNeed} problem={stored.problem} />
      {now.endsEarly && (
        <p class="warn">
          It has no reading in the last {range.text}, so the charts end at its newest one:{' '}
          <Moment at={now.lastAt} />.
        </p>
      )}
      {history.problem && (
        <p class="problem" role="alert">
          {history.problem.message}
        </p>
      )}
      <EntityCharts
        now={now}
        range={range}
        history={range === HOUR ? history.answer : stored.answer}
        shown={shown}
      />
      {limits.length > 0 && <p class="warn">{limits[0]}</p>}
      <Statistics now={now} />
      <Rules now={now} />
      <EntityTables subject={now.subject} />
      <EntityDeadLetters entity={now.entity} />
      <NewestReadings now={now} shown={shown} />
    </>
  )
}

/** Field that chooses the range; absent without a database. */
function RangeChoice({ need }: { readonly need: string | null }): JSX.Element | null {
  const [range, set] = useParameter('range', HOUR.name)
  if (need !== null) return null
  return (
    <Choice
      label="Range"
      value={findRange(range)?.name ?? HOUR.name}
      set={set}
      options={RANGES.map(({ name, text }) => [name, `Last ${text}`])}
    />
  )
}

interface NotesProps {
  readonly need: string | null
  /** Problem of the database. */
  readonly problem: Problem | undefined
}

/** Says why the charts show the last hour although the address asks for another range, or what other ranges need. */
function RangeNotes({ need, problem }: NotesProps): JSX.Element {
  const [range] = useParameter('range', HOUR.name)
  const wrong = findRange(range) ? undefined : `There is no range "${range}": use ${NAMES.join(', ')}.`
  const message = wrong ?? problem?.message
  return (
    <>
      {message !== undefined && (
        <p class="problem" role="alert">
          {message} These are the charts of the last hour.
        </p>
      )}
      {need !== null && !problem && <p class="muted">Charts of a day, a week or 30 days need {need}.</p>}
    </>
  )
}

const NAMES = RANGES.map(({ name }) => name)

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
