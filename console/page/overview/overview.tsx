/** Start page: flow, stalls, and recent alerts. */

import type { JSX } from 'preact'
import { useEffect, useMemo, useState } from 'preact/hooks'
import { describeWaiting, judgeWait, listWaiting } from '../../../control/diagnosis/waiting.ts'
import { describeEnd, findEventTime } from '../../../control/tables/alert-end.ts'
import type { AlertSummary } from '../../../control/tables/alert-summary.ts'
import { sumIfKnown } from '../../../lib/support/count.ts'
import { durationText } from '../../../lib/support/duration.ts'
import { groupText } from '../../../lib/support/group-text.ts'
import type { Known } from '../../api/overview/known.ts'
import type { Overview, ShownConsumer } from '../../api/overview/overview.ts'
import { TimeChart } from '../charts/time-chart.tsx'
import { buildAddress } from '../client/address.ts'
import { useLive } from '../client/api-queries.ts'
import { AnswerView, EmptyMessage } from '../components/answer-view.tsx'
import {
  column,
  DataTable,
  linkColumn,
  numberColumn,
  type TableColumn,
  toWide,
} from '../components/data-table.tsx'
import { Tile, type TileProps } from '../components/facts.tsx'
import { Badge, Moment, toTone } from '../components/labels.tsx'
import { formatCompact, formatCount, formatRate, formatTotal } from '../components/value-texts.ts'
import { formatReadout } from '../telemetry/entity-charts.tsx'
import { Flow } from './flow.tsx'
import {
  chooseHeadline,
  countFiring,
  describeAge,
  describeState,
  describeTotal,
  formatKnown,
  formatWait,
} from './headline.ts'
import { addSnapshot, computeRate, type Snapshot, toColumns } from './rates.ts'

interface Props {
  readonly overview: Overview
  /** Returns the growth of a counter per second; null if unknown. */
  readonly rate: (name: string) => number | null
}

/** Interval of questions while a part of the answer is missing, in milliseconds. */
const PARTIAL_MS = 1_000

/** Snapshots of the last minutes. They stay while other pages are shown. */
let kept: readonly Snapshot[] = []

export function OverviewPage(): JSX.Element {
  const [isPartial, setPartial] = useState(true)
  // Missing parts are asked for again soon.
  const live = useLive('/overview', {}, isPartial ? { everyMs: PARTIAL_MS } : {})
  const { answer } = live
  useEffect(
    () => setPartial(answer === undefined || listParts(answer).some(({ state }) => state === 'loading')),
    [answer],
  )
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
            <section class="card" aria-labelledby="alerts">
              <h2 id="alerts">Last alerts</h2>
              <LastAlerts overview={overview} />
            </section>
            <div class="columns">
              <LiveChart title="Readings a second" snapshots={snapshots} getValue={readRate} />
              <LiveChart title="Alerts firing" snapshots={snapshots} getValue={readFiring} />
            </div>
            <section class="card" aria-labelledby="flow">
              <h2 id="flow">
                Flow <Age of={overview.counters} />
              </h2>
              <Flow overview={overview} rate={rate} />
            </section>
            <h2>
              Consumers <Age of={overview.consumers} />
            </h2>
            <DataTable
              name="consumers"
              caption="consumers"
              columns={buildConsumerColumns({ overview, rate })}
              rows={listFunctions(overview)}
              getKey={({ function: name }) => name}
              empty="serverless.yml declares no functions that read a topic."
            />
          </>
        )}
      </AnswerView>
    </>
  )
}

/** Says of when figures are that are not of now. */
function Age({ of }: { readonly of: Known<unknown> }): JSX.Element | null {
  return of.state === 'now' ? null : <small class="muted">{describeAge(of, Date.now())}</small>
}

function listParts({
  firing,
  lastAlerts,
  openDeadLetters,
  consumers,
  counters,
}: Overview): readonly Known<unknown>[] {
  return [firing, lastAlerts, openDeadLetters, consumers, counters]
}

function StallSummary({ overview }: Pick<Props, 'overview'>): JSX.Element {
  const { standing, notices, atMs } = overview
  const { tone, text, detail, letters } = chooseHeadline(overview)
  return (
    <>
      <p class={tone}>
        {/* Screen readers announce only this sentence, because the figures in the reasons and the link change constantly. */}
        <span role="status">{text}</span> {letters && <a href="/failures">{letters}</a>}{' '}
        {detail && <small>{detail}</small>}
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
              {atMs - sinceMs >= 1_000 && ` (for ${durationText(atMs - sinceMs)})`}. <small>{advice}</small>
            </li>
          ))}
        </ul>
      )}
    </>
  )
}

function Figures({ overview, rate }: Props): JSX.Element {
  const { firing, openDeadLetters, counters, consumers } = overview
  const getTotal = (name: string) => counters.value?.[name] ?? null
  const formatCounter = (name: string) => () => formatIfKnown(getTotal(name), formatCompact)
  const [longest] = listWaiting(consumers.value ?? [])
  const isLate = consumers.state === 'now' && judgeWait(longest?.waitingMs ?? 0) !== 'good'
  const firingCount = firing.value && countFiring(firing.value)
  return (
    <dl class="tiles">
      <KnownTile
        title="Longest wait"
        fact={consumers}
        format={of =>
          of.some(({ lag }) => lag === null)
            ? null
            : formatIfKnown(longest ? longest.waitingMs : 0, formatWait)
        }
        note={
          longest ? (
            <a href={buildAddress('/kafka/groups', { group: longest.group })}>
              {formatCount(longest.pending, 'record')} at {longest.function}
            </a>
          ) : (
            'nothing waits'
          )
        }
        tone={judgeWait(longest?.waitingMs ?? 0)}
      />
      <KnownTile
        title="Alerts firing"
        fact={firing}
        format={of => formatCompact(countFiring(of))}
        note={
          <a href="/alerts">
            {isLate ? 'some records still wait' : describeTotal(firingCount, getTotal('alerts'), 'resolved')}
          </a>
        }
        tone={firing.value?.[0] ? toTone(firing.value[0].severity) : 'plain'}
      />
      <KnownTile
        title="Open dead letters"
        fact={openDeadLetters}
        format={formatCompact}
        note={<a href="/failures">{describeTotal(openDeadLetters.value, getTotal('letters'), 'handled')}</a>}
        tone={rate('letters') ? 'bad' : 'plain'}
      />
      <KnownTile
        title="Readings applied"
        fact={counters}
        format={() => formatRate(rate('readings'))}
        note={formatTotal(getTotal('readings'))}
      />
      <KnownTile title="Duplicates" fact={counters} format={formatCounter('duplicates')} note="in all" />
      <KnownTile
        title="Failed"
        fact={counters}
        format={formatCounter('failed')}
        note="in all"
        tone={rate('failed') ? 'bad' : 'plain'}
      />
    </dl>
  )
}

function formatIfKnown(value: number | null, format: (value: number) => string): string | null {
  return value === null ? null : format(value)
}

interface KnownTileProps<T> extends Omit<TileProps, 'value'> {
  readonly fact: Known<T>
  /** Formats the value; null if a part of it is unknown. */
  readonly format: (value: T) => string | null
}

/** Tile with a fact. One that is not of now is grey, and says of when it is. */
function KnownTile<T>({ fact, format, note, tone = 'plain', title }: KnownTileProps<T>): JSX.Element {
  const { value, isPast } = formatKnown(fact, format)
  if (!isPast) return <Tile title={title} value={value} note={note} tone={value === '–' ? 'muted' : tone} />
  return <Tile title={title} value={value} note={describeAge(fact, Date.now())} tone="muted" />
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

function LastAlerts({ overview }: Pick<Props, 'overview'>): JSX.Element {
  const { lastAlerts, consumers } = overview
  const alerts = lastAlerts.value ?? []
  if (lastAlerts.state !== 'now' && alerts.length === 0)
    return <EmptyMessage>The last alerts are {describeAge(lastAlerts, Date.now())}.</EmptyMessage>
  const waiting = describeWaiting(consumers.value ?? [])
  if (alerts.length === 0)
    return (
      <EmptyMessage>
        {consumers.state === 'now' && waiting.length === 0
          ? 'No alert has fired yet. '
          : (waiting[0] ?? 'No alert is known. ')}
        <a href="/alerts/rules">The rules</a> say when one does.
      </EmptyMessage>
    )
  return (
    <ol class="list">
      {alerts.map(alert => (
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

interface ShownFunction extends Pick<ShownConsumer, 'function' | 'lag' | 'group'> {
  /** Names of the counters of records that it has read. */
  readonly counters: readonly string[]
}

/** Returns each function once, with all topics that it reads. */
function listFunctions({ consumers }: Overview): ShownFunction[] {
  const own = Map.groupBy(consumers.value ?? [], consumer => consumer.function)
  return [...own].map(([name, read]) => ({
    function: name,
    group: read[0]?.group ?? '',
    lag: sumIfKnown(read.map(({ lag }) => lag)),
    counters: read.map(({ topic }) => `read/${name}/${topic}`),
  }))
}

function buildConsumerColumns({ overview, rate }: Props): TableColumn<ShownFunction>[] {
  return [
    linkColumn(
      'Consumer',
      ({ function: name }) => name,
      ({ group }) => buildAddress('/kafka/groups', { group }),
    ),
    toWide(
      numberColumn('Records read', ({ counters }) => sumIfKnown(counters.map(rate)), { text: formatRate }),
    ),
    toWide(numberColumn('Lag, records', ({ lag }) => lag)),
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
