/** Start page: flow, stalls, and recent alerts. */
import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { History, Overview } from '../../api/overview/shapes.ts'
import { addressOf } from '../data/address.ts'
import { useAnswer, useLive } from '../data/answers.ts'
import { Sparkline, Tile } from '../parts/facts.tsx'
import { Empty, Known } from '../parts/known.tsx'
import { Badge, Moment } from '../parts/marks.tsx'
import { compactText, countText, durationText, rateText } from '../parts/words.ts'
import { Consumers } from './consumers.tsx'
import { headlineOf, joined, NO_PAST, pastOf, withLook } from './figures.ts'
import { Flow } from './flow.tsx'
import './overview.css'

export function OverviewPage(): JSX.Element {
  const live = useLive('/overview')
  const past = usePast(live.answer)
  return (
    <>
      <h1>Overview</h1>
      <Known of={live} what="the figures">
        {overview => (
          <>
            <StandingStill overview={overview} />
            <Figures overview={overview} past={past} />
            <div class="overview-parts">
              <section class="card" aria-labelledby="flow">
                <h2 id="flow">Flow</h2>
                <Flow overview={overview} />
              </section>
              <section class="card" aria-labelledby="alerts">
                <h2 id="alerts">Last alerts</h2>
                <LastAlerts overview={overview} />
              </section>
            </div>
            <h2>Consumers</h2>
            <Consumers overview={overview} past={past} />
          </>
        )}
      </Known>
    </>
  )
}

/** Returns the server's history, extended by the samples that the page has received after it. */
function usePast(newest: Overview | undefined): History {
  const { answer: before } = useAnswer('/overview/history')
  const [past, setPast] = useState(NO_PAST)
  useEffect(() => {
    if (before) setPast(since => joined(before, since))
  }, [before])
  useEffect(() => {
    if (newest) setPast(until => withLook(until, newest))
  }, [newest])
  return past
}

function StandingStill({ overview }: { readonly overview: Overview }): JSX.Element {
  const { standing, atMs } = overview
  const { tone, text, letters } = headlineOf(overview)
  return (
    <>
      <p class={tone}>
        {/* Screen readers announce only this sentence, because the figures in the reasons and the link change constantly. */}
        <span role="status">{text}</span> {letters && <a href="/failures">{letters}</a>}
      </p>
      {standing.length > 0 && (
        <ul class="problem list">
          {standing.map(one => (
            <Standing key={`${one.functions.join()} ${one.advice}`} standing={one} atMs={atMs} />
          ))}
        </ul>
      )}
    </>
  )
}

interface Props {
  readonly standing: Overview['standing'][number]
  /** Time of the sample. */
  readonly atMs: number
}

function Standing({ standing: { functions, reason, advice, sinceMs }, atMs }: Props): JSX.Element {
  const lines = reason.split('\n').map(line => line.trim())
  return (
    <li>
      {functions.length > 0 && <strong>{functions.join(', ')}: </strong>}
      {lines.join(' ')}, for {durationText(Math.max(0, atMs - sinceMs))}. <small>{advice}</small>
    </li>
  )
}

function LastAlerts({ overview }: { readonly overview: Overview }): JSX.Element {
  const { lastAlerts } = overview
  if (lastAlerts === null) return <Empty>The alerts topic cannot be read at the moment.</Empty>
  if (lastAlerts.length === 0)
    return (
      <Empty>
        No alert has fired yet. <a href="/alerts/rules">The rules</a> say when one does.
      </Empty>
    )
  return (
    <ol class="list overview-alerts">
      {lastAlerts.map(({ id, state, severity, rule, entity, summary, startedAt, endedAt }) => (
        <li key={id}>
          <Moment at={endedAt ?? startedAt} />
          <Badge tone={state === 'resolved' ? 'good' : severity === 'critical' ? 'bad' : 'warn'}>
            {state === 'resolved' ? 'resolved' : severity}
          </Badge>
          <span>
            <a href={addressOf('/alerts', { alert: id })}>{rule}</a> {summary || entity}
          </span>
        </li>
      ))}
    </ol>
  )
}

interface Figure {
  readonly name: string
  readonly title: string
  readonly note: ComponentChildren
  /** True if every value other than zero is shown as a problem. */
  readonly isBad?: boolean
}

function Figures({ overview, past }: { readonly overview: Overview; readonly past: History }): JSX.Element {
  return (
    <dl class="tiles">
      {figuresOf(overview).map(({ name, title, note, isBad }) => {
        const value = overview.values[name] ?? null
        return (
          <Tile
            key={name}
            title={title}
            value={rateText(value)}
            note={note}
            tone={isBad && value ? 'bad' : 'plain'}
          >
            <Sparkline
              values={pastOf(past, name)}
              label={`${title} a second in the last minutes`}
              text={rateText}
              top={1}
            />
          </Tile>
        )
      })}
    </dl>
  )
}

function figuresOf({ totals, firing, openDeadLetters }: Overview): Figure[] {
  const total = (name: string, text: string) => {
    const count = totals[name] ?? null
    return count === null ? 'not known' : `${compactText(count)} ${text}`
  }
  return [
    { name: 'in', title: 'Readings in', note: total('in', 'kept in the topic') },
    { name: 'applied', title: 'Applied', note: total('applied', 'by the processor') },
    { name: 'duplicates', title: 'Duplicates', note: total('duplicates', 'in all') },
    { name: 'failed', title: 'Failed', note: total('failed', 'kept in the topic'), isBad: true },
    {
      name: 'alerts',
      title: 'Alerts',
      note: firing === null ? 'not known' : <a href="/alerts">{countText(firing, 'alert')} firing</a>,
    },
    {
      name: 'letters',
      title: 'Dead letters',
      note:
        openDeadLetters === null ? 'not known' : <a href="/failures">{compactText(openDeadLetters)} open</a>,
      isBad: true,
    },
  ]
}
