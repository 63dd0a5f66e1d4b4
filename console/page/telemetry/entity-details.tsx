/** One entity of any family: its metrics, its rules and alerts, its rows in tables, and its dead letters. */

import type { ComponentChildren, JSX } from 'preact'
import { useMemo } from 'preact/hooks'
import type { EntityNow } from '../../api/telemetry/entity-details.ts'
import { UNKNOWN } from '../charts/stretches.ts'
import { buildAddress } from '../client/address.ts'
import { useLive } from '../client/api-queries.ts'
import { useParameter } from '../client/url-parameters.ts'
import { AnswerView } from '../components/answer-view.tsx'
import { Tile } from '../components/facts.tsx'
import { TextField } from '../components/form-fields.tsx'
import { Badge, Moment, splitEntity, toTone } from '../components/labels.tsx'
import { formatNumber } from '../components/value-texts.ts'
import { QuestionRows } from '../questions/question-list.tsx'
import { RowTable } from '../sql-tables/sql-tables.tsx'
import { ChartBar, useHistory } from './chart-history.tsx'
import { formatPeriod, HOUR } from './chart-range.ts'
import { EntityCharts } from './entity-charts.tsx'
import { NewestReadings, Rules, StateTimes, Statistics } from './entity-sections.tsx'
import { MAX_CHART_LINES, selectShown } from './entity-series.ts'
import { describeSearchLimit, formatValue } from './telemetry-texts.ts'

/** Maximum number of tables that are searched, because each is a query. */
const MAX_TABLES = 10

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
  const most = Math.max(now.metrics.length, now.states.length)
  const limit = describeSearchLimit(now.searched)
  return (
    <>
      <NewestValues now={now} shown={shown} />
      {now.clock && <p class="warn">Clock: {now.clock}</p>}
      <Alerts now={now} />
      <EntityFacts now={now} />
      <h2>
        {formatContents(now)} {history.answer && formatPeriod(history.answer, history.range, Date.now())}
      </h2>
      <ChartBar of={history} otherwise={HOUR}>
        {(most > MAX_CHART_LINES || metric !== '') && (
          <TextField
            value={metric}
            set={setMetric}
            label={formatContents(now)}
            placeholder={`part of a name, of ${formatNumber(most)}`}
          />
        )}
      </ChartBar>
      <AnswerView of={history} what="the history of the entity">
        {answer => <EntityCharts now={now} range={history.range} history={answer} shown={shown} />}
      </AnswerView>
      <StateTimes now={now} />
      <Statistics now={now} />
      <Rules now={now} />
      <EntityTables subject={now.subject} />
      <EntityDeadLetters entity={now.entity} />
      <NewestReadings now={now} shown={shown} />
      {limit && <p class="warn">{limit}</p>}
    </>
  )
}

/** Names what the entity has reported. */
function formatContents({ metrics, states }: EntityNow): string {
  const hasMetrics = metrics.some(({ statistics }) => statistics)
  if (states.length === 0) return 'Metrics'
  return hasMetrics ? 'Metrics and states' : 'States'
}

/** Shows the states and then the newest value of each metric. */
function NewestValues({ now, shown }: { readonly now: EntityNow; readonly shown: readonly number[] }) {
  return (
    <dl class="tiles">
      {now.states.map(({ name, value, sinceMs, lastMs }) => (
        <div key={name} class="tile">
          <dt>{name}</dt>
          <dd>
            <Badge tone={value === undefined ? 'muted' : 'plain'}>{value ?? UNKNOWN}</Badge>{' '}
            <small>
              since <Moment at={sinceMs} />, last reported <Moment at={lastMs} />
            </small>
          </dd>
        </div>
      ))}
      {shown.map(index => {
        const { name = '', unit = '', is, statistics } = now.metrics[index] ?? {}
        const value = statistics ? formatValue(statistics.last, unit) : '–'
        return <Tile key={name} title={is === 'counter' ? `${name} in all` : name} value={value} />
      })}
    </dl>
  )
}

function EntityFacts({ now }: { readonly now: EntityNow }): JSX.Element {
  const { family, readings, lastAt, silentSince, tags, topic, partition } = now
  return (
    <dl class="facts beside">
      <Fact name="Family">{family}</Fact>
      <Fact name="Last reading">
        <Moment at={lastAt} />
      </Fact>
      <Fact name="Readings">{formatNumber(readings)}</Fact>
      {silentSince && (
        <Fact name="Activity">
          <span class="warn">
            silent{' '}
            <small>
              since <Moment at={silentSince} />
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
    <div>
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

/** Shows the rows whose key is the entity's subject, in each table that has any. */
function EntityTables({ subject }: { readonly subject: string }): JSX.Element {
  const { answer } = useLive('/tables')
  const names = answer?.rows.flatMap(({ name, state }) => (state === 'active' ? [name] : [])) ?? []
  return (
    <>
      {names.slice(0, MAX_TABLES).map(name => (
        <RowsOfEntity key={name} table={name} subject={subject} />
      ))}
    </>
  )
}

interface RowsProps {
  readonly table: string
  readonly subject: string
}

function RowsOfEntity({ table, subject }: RowsProps): JSX.Element | null {
  const { answer } = useLive('/tables/rows', { table, key: subject })
  // The query also finds keys that contain the subject.
  const keys = answer?.columns.filter(({ isKey }) => isKey) ?? []
  const rows = answer?.rows.filter(({ values }) => keys.some(({ name }) => values[name] === subject)) ?? []
  if (!answer || rows.length === 0) return null
  return (
    <section>
      <h2>
        Table <a href={buildAddress('/tables', { table, key: subject })}>{table}</a>
      </h2>
      <RowTable name={`rows.${table}`} table={table} answer={{ ...answer, rows }} />
    </section>
  )
}

function EntityDeadLetters({ entity }: { readonly entity: string }): JSX.Element {
  return (
    <section>
      <h2>Dead letters</h2>
      <QuestionRows path="/failures" filter={{ entity }}>
        {({ rows }) =>
          rows.length > 0 && (
            <p>
              <a href={buildAddress('/failures', { entity })}>Redrive or drop its dead letters</a>
            </p>
          )
        }
      </QuestionRows>
    </section>
  )
}
