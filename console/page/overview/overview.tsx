/** Start page: flow, stalls, and recent alerts. */

import type { JSX } from 'preact'
import { useMemo } from 'preact/hooks'
import { sumIfKnown } from '../../../lib/support/count.ts'
import { durationText } from '../../../lib/support/duration.ts'
import { groupText } from '../../../lib/support/group-text.ts'
import { describeEnd, findEventTime } from '../../../lib/tables/alert-end.ts'
import type { AlertSummary } from '../../../lib/tables/alert-summary.ts'
import type { Overview, ShownConsumer } from '../../api/overview/overview.ts'
import { TimeChart } from '../charts/time-chart.tsx'
import { buildAddress } from '../client/address.ts'
import { useLive } from '../client/api-queries.ts'
import { AnswerView, EmptyMessage } from '../components/answer-view.tsx'
import { type Column, column, DataTable, linkColumn, numberColumn } from '../components/data-table.tsx'
import { Tile } from '../components/facts.tsx'
import { Badge, Moment, toTone } from '../components/labels.tsx'
import { formatCompact, formatRate, formatTotal } from '../components/value-texts.ts'
import { formatReadout } from '../telemetry/entity-charts.tsx'
import { Flow } from './flow.tsx'
import { chooseHeadline, countFiring, describeState, describeTotal } from './headline.ts'
import { addSnapshot, computeRate, type Snapshot, toColumns } from './rates.ts'

interface Props {
  readonly overview: Overview
  /** Returns the growth of a counter per second; null if unknown. */
  readonly rate: (name: string) => number | null
}

/** Snapshots of the last minutes. They stay while other pages are shown. */
let kept: readonly Snapshot[] = []

export function OverviewPage(): JSX.Element {
  const live = useLive('/overview')
  const { answer } = live
  const snapshots = useMemo(() => {
    if (answer) kept = addSnapshot(kept, answer)
    return kept
  }, [answer])
  const rate = (name: string) => computeRate(snapshots, name)
  return (
    <>
      <h1>Overview</h1>
      <AnswerView of={live} what="the figures">
        {overview => (
          <>
            <StallSummary overview={overview} />
            <Figures overview={overview} rate={rate} />
            <div class="columns">
              <LiveChart title="Readings a second" snapshots={snapshots} getValue={readRate} />
              <LiveChart title="Alerts firing" snapshots={snapshots} getValue={readFiring} />
            </div>
            <section class="card" aria-labelledby="flow">
              <h2 id="flow">Flow</h2>
              <Flow overview={overview} rate={rate} />
            </section>
            <section class="card" aria-labelledby="alerts">
              <h2 id="alerts">Last alerts</h2>
              <LastAlerts overview={overview} />
            </section>
            <h2>Consumers</h2>
            <DataTable
              name="consumers"
              caption="consumers"
              columns={buildConsumerColumns({ overview, rate })}
              rows={listFunctions(overview)}
              getKey={({ function: name }) => name}
              isBrief
              empty="serverless.yml declares no functions that read a topic."
            />
          </>
        )}
      </AnswerView>
    </>
  )
}

function StallSummary({ overview }: Pick<Props, 'overview'>): JSX.Element {
  const { standing, notices, atMs } = overview
  const { tone, text, letters } = chooseHeadline(overview)
  return (
    <>
      <p class={tone}>
        {/* Screen readers announce only this sentence, because the figures in the reasons and the link change constantly. */}
        <span role="status">{text}</span> {letters && <a href="/failures">{letters}</a>}
      </p>
      {standing.length + notices.length > 0 && (
        <ul class="problem list">
          {notices.map(([about, says, todo]) => (
            <li key={says}>
              <strong>{about}: </strong>
              {says}. <small>{todo}</small>
            </li>
          ))}
          {standing.map(({ functions, reason, advice, sinceMs }) => (
            <li key={`${functions.join()} ${advice}`}>
              {functions.length > 0 && <strong>{functions.join(', ')}: </strong>}
              {reason
                .split('\n')
                .map(line => line.trim())
                .join(' ')}
              , for {durationText(Math.max(0, atMs - sinceMs))}. <small>{advice}</small>
            </li>
          ))}
        </ul>
      )}
    </>
  )
}

function Figures({ overview: { firing, openDeadLetters, counters }, rate }: Props): JSX.Element {
  const getTotal = (name: string) => counters[name] ?? null
  const total = (name: string) => formatTotal(getTotal(name))
  const formatNow = (count: number | null) => (count === null ? '–' : formatCompact(count))
  const firingCount = firing && countFiring(firing)
  return (
    <dl class="tiles">
      <Tile title="Readings applied" value={formatRate(rate('readings'))} note={total('readings')} />
      <Tile title="Duplicates" value={total('duplicates')} />
      <Tile title="Failed" value={total('failed')} tone={rate('failed') ? 'bad' : 'plain'} />
      <Tile
        title="Alerts firing"
        value={formatNow(firingCount)}
        note={<a href="/alerts">{describeTotal(firingCount, getTotal('alerts'), 'resolved')}</a>}
        tone={firing?.[0] ? toTone(firing[0].severity) : 'plain'}
      />
      <Tile
        title="Open dead letters"
        value={formatNow(openDeadLetters)}
        note={<a href="/failures">{describeTotal(openDeadLetters, getTotal('letters'), 'handled')}</a>}
        tone={rate('letters') ? 'bad' : 'plain'}
      />
    </dl>
  )
}

const readRate = (snapshots: readonly Snapshot[]) => computeRate(snapshots, 'readings')

const readFiring = (snapshots: readonly Snapshot[]) => {
  const firing = snapshots.at(-1)?.firing
  return firing ? countFiring(firing) : null
}

interface ChartProps {
  readonly title: string
  readonly snapshots: readonly Snapshot[]
  readonly getValue: Parameters<typeof toColumns>[1]
}

/** Chart of the last minutes, as far back as the page knows them. */
function LiveChart({ title, snapshots, getValue }: ChartProps): JSX.Element {
  const columns = useMemo(() => toColumns(snapshots, getValue), [snapshots, getValue])
  const readout = (at: number) => formatReadout(columns, at, '')
  const [fromMs = 0, toMs = 0] = [snapshots[0]?.atMs, snapshots.at(-1)?.atMs]
  return (
    <section class="card">
      <h2>{title}</h2>
      <TimeChart
        lines={[{ columns }]}
        fromMs={fromMs}
        toMs={toMs}
        isFromZero
        label={`${title}: ${readout(columns.times.length - 1) || 'no data'}`}
        readout={readout}
      />
    </section>
  )
}

function LastAlerts({ overview: { lastAlerts } }: Pick<Props, 'overview'>): JSX.Element {
  if (lastAlerts === null) return <EmptyMessage>The alerts topic cannot be read at the moment.</EmptyMessage>
  if (lastAlerts.length === 0)
    return (
      <EmptyMessage>
        No alert has fired yet. <a href="/alerts/rules">The rules</a> say when one does.
      </EmptyMessage>
    )
  return (
    <ol class="list">
      {lastAlerts.map(alert => (
        <li key={alert.id}>
          <Moment at={alert.changedAt} />{' '}
          <Badge tone={alert.state === 'resolved' ? 'good' : toTone(alert.severity)}>
            {alert.state === 'resolved' ? 'resolved' : alert.severity}
          </Badge>{' '}
          <a href={buildAddress('/alerts', { alert: alert.id })}>{alert.rule}</a> {describeAlert(alert)}
          {findEventTime(alert) && (
            <small>
              {' '}
              (event time <Moment at={findEventTime(alert)} />)
            </small>
          )}
        </li>
      ))}
    </ol>
  )
}

/** Returns an alert as one line: its summary or, for a resolved one, what resolved it. */
function describeAlert(alert: AlertSummary): string {
  const { summary, entity, state } = alert
  if (state === 'firing') return summary || entity
  return `${groupText(entity.slice(entity.indexOf(' ') + 1))}: ${describeEnd(alert)}`
}

interface ShownFunction extends Pick<ShownConsumer, 'function' | 'lag'> {
  /** Names of the counters of records that it has read. */
  readonly counters: readonly string[]
}

/** Returns each function once, with all topics that it reads. */
function listFunctions({ consumers }: Overview): ShownFunction[] {
  const own = Map.groupBy(consumers, consumer => consumer.function)
  return [...own].map(([name, read]) => ({
    function: name,
    lag: sumIfKnown(read.map(({ lag }) => lag)),
    counters: read.map(({ topic }) => `read/${name}/${topic}`),
  }))
}

function buildConsumerColumns({ overview, rate }: Props): Column<ShownFunction>[] {
  return [
    linkColumn(
      'Consumer',
      ({ function: name }) => name,
      ({ function: name }) => buildAddress('/kafka/groups', { find: name }),
    ),
    numberColumn('Records read', ({ counters }) => sumIfKnown(counters.map(rate)), { text: formatRate }),
    numberColumn('Lag, records', ({ lag }) => lag),
    column(
      'State',
      consumer => {
        const { tone, text } = describeState(consumer, overview)
        return <Badge tone={tone}>{text}</Badge>
      },
      consumer => describeState(consumer, overview).text,
    ),
  ]
}
