/** One entity: its metrics, its activity, and the rules that apply to it. */
import type { ComponentChildren, JSX } from 'preact'
import { useEffect } from 'preact/hooks'
import type { EntityNow } from '../../api/telemetry/entity.ts'
import type { EntityHistory } from '../../api/telemetry/history.ts'
import { addressOf } from '../data/address.ts'
import { type Answer, useAnswer, useLive } from '../data/answers.ts'
import { Known } from '../parts/known.tsx'
import { Moment } from '../parts/marks.tsx'
import { numberText, partsOf } from '../parts/words.ts'
import { EntityCharts } from './entity-charts.tsx'
import { NewestReadings, Rules, Statistics } from './entity-tables.tsx'
import { type ChartSpan, searchedText } from './figures.ts'
import { RangeChoice, SpanChoice, useRange, useSpan } from './span-choice.tsx'

export function EntityPage({ name: entity }: { readonly name: string }): JSX.Element {
  const span = useSpan()
  const { source, subject } = partsOf(entity)
  const now = useLive('/telemetry/entity', { entity, span: span.name }, { keep: true })
  const history = useHistory(entity, span.hours)
  return (
    <>
      <nav aria-label="Way back" class="back">
        <a href={addressOf('/telemetry', { family: now.answer?.family })}>All entities</a>
      </nav>
      <h1>{subject || entity}</h1>
      <p class="muted">{source}</p>
      <Known of={now} what="the entity">
        {known => <Entity now={known} history={history} span={span} />}
      </Known>
    </>
  )
}

/**
 * Polling interval of the history, in milliseconds. The history changes once a minute, so it does not use one of the few streams
 * that browsers allow.
 */
const AGAIN_MS = 15_000

function useHistory(entity: string, hours: number): Answer<EntityHistory> {
  const history = useAnswer('/telemetry/history', { entity, hours }, { keep: true })
  useEffect(() => {
    // Do not poll while the page is hidden, and query immediately when it becomes visible again.
    const look = () => {
      if (!document.hidden) history.again()
    }
    const again = setInterval(look, AGAIN_MS)
    document.addEventListener('visibilitychange', look)
    return () => {
      clearInterval(again)
      document.removeEventListener('visibilitychange', look)
    }
  }, [entity, hours])
  return history
}

interface EntityProps {
  readonly now: EntityNow
  readonly history: Answer<EntityHistory>
  readonly span: ChartSpan
}

function Entity({ now, history, span }: EntityProps): JSX.Element {
  const limits = [searchedText(now.searched), history.answer && searchedText(history.answer.searched)].filter(
    text => text !== undefined,
  )
  const range = useRange({ fromMs: now.endsMs - span.ms, toMs: now.endsMs })
  return (
    <>
      <Facts now={now} />
      <Alerts now={now} />
      <div class="row">
        <h2>Metrics</h2>
        <SpanChoice chosen={span} />
      </div>
      {now.endsEarly && (
        <p class="warn">
          Its newest reading is older than {span.words}, so the charts end there: <Moment at={now.lastAt} />.
        </p>
      )}
      {history.problem && (
        <p class="problem" role="alert">
          {history.problem.message}
        </p>
      )}
      <RangeChoice range={range} />
      <EntityCharts now={now} history={history.answer} span={span} range={range} />
      {limits.length > 0 && <p class="warn">{limits[0]}</p>}
      <Statistics now={now} />
      <Rules now={now} />
      <NewestReadings now={now} />
    </>
  )
}

function Facts({ now }: { readonly now: EntityNow }): JSX.Element {
  const { family, readings, lastAt, activity, topic, partition } = now
  return (
    <dl class="tiles">
      <Fact name="Family">{family}</Fact>
      <Fact name="Last reading">
        <Moment at={lastAt} />
      </Fact>
      <Fact name="Readings">{numberText(readings)}</Fact>
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
      <Fact name="Where">
        <a href={addressOf('/kafka/messages', { topic, partition })}>partition {partition}</a>,{' '}
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
function Alerts({ now: { alerts } }: { readonly now: EntityNow }): JSX.Element | null {
  if (alerts.length === 0) return null
  return (
    <ul class="list lined" aria-label="Alerts of this entity">
      {alerts.map(({ rule, phase, activeAt, alert }) => (
        <li key={`${rule} ${alert?.alertId}`} class={phase === 'pending' ? 'warn' : 'bad'}>
          <strong>{phase}</strong>{' '}
          {alert ? <a href={addressOf('/alerts', { alert: alert.alertId })}>{alert.summary}</a> : rule}
          {', '}
          since <Moment at={activeAt} />
        </li>
      ))}
    </ul>
  )
}
