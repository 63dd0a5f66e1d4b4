/** Tables of an entity's figures. */

import type { JSX } from 'preact'
import type { TimeInValues } from '../../../lib/analytics/state-times.ts'
import { durationText } from '../../../lib/support/duration.ts'
import type { EntityNow, ShownReading, WatchingRule } from '../../api/telemetry/entity-details.ts'
import { UNKNOWN } from '../charts/stretches.ts'
import { buildAddress } from '../client/address.ts'
import { EmptyMessage } from '../components/answer-view.tsx'
import {
  column,
  DataTable,
  numberColumn,
  severityColumn,
  type TableColumn,
  textColumn,
  timeColumn,
  toWide,
} from '../components/data-table.tsx'
import { Moment, toTone } from '../components/labels.tsx'
import { formatCount, formatTime } from '../components/value-texts.ts'
import { getTimeIn, listValues } from './entity-series.ts'
import {
  formatCondition,
  formatLimit,
  formatRuleDuration,
  formatTimeIn,
  formatUnit,
} from './telemetry-texts.ts'

type Metric = EntityNow['metrics'][number]

/** Time in each value of the states, in the last hour and day of each before its newest reading or closed minute. */
export function StateTimes({ now: { states } }: { readonly now: EntityNow }): JSX.Element | null {
  if (states.length === 0) return null
  const rows = states.flatMap(state => listValues(state).map(value => ({ ...state, value })))
  return (
    <section>
      <h2>Time in each state</h2>
      <DataTable
        name="states"
        caption="time in each state"
        columns={STATE_TIMES}
        rows={rows.filter(({ day, value }) => getTimeIn(day, value) > 0)}
        getKey={({ name, value }) => JSON.stringify([name, value])}
        empty=""
      />
      {states.map(({ name, hour, day, late }) => (
        <p key={name} class="muted">
          {name}: hour {formatSpan(hour)}, day {formatSpan(day)}
          {late > 0 && `. ${formatCount(late, 'reading')} came too late to be counted.`}
        </p>
      ))}
    </section>
  )
}

type StateTime = Omit<EntityNow['states'][number], 'value'> & { readonly value: string | null }

const STATE_TIMES: readonly TableColumn<StateTime>[] = [
  textColumn('State', ({ name }) => name),
  column('Value', ({ value }) => value ?? <span class="muted">{UNKNOWN}</span>),
  column('Last hour', ({ hour, value }) => formatTimeIn(hour, value)),
  column('Last day', ({ day, value }) => formatTimeIn(day, value)),
]

/** Formats a period, such as `12:05:00 to 13:07:12`. */
function formatSpan({ fromMs, toMs }: TimeInValues): string {
  return `${formatTime(fromMs, Date.now())} to ${formatTime(toMs, Date.now())}`
}

export function Statistics({ now: { metrics, states } }: { readonly now: EntityNow }): JSX.Element | null {
  const rows = metrics.filter(({ statistics }) => statistics)
  if (rows.length === 0 && states.length > 0) return null
  return (
    <section>
      <h2>Since its first reading</h2>
      <DataTable
        name="statistics"
        caption="statistics of each metric"
        columns={STATISTICS}
        rows={rows}
        getKey={({ name }) => name}
        empty="The entity has not reported any metrics."
      />
    </section>
  )
}

const STATISTICS: readonly TableColumn<Metric>[] = [
  textColumn('Metric', ({ name, unit }) => `${name}${formatUnit(unit)}`),
  numberColumn('Newest', ({ statistics }) => statistics?.last),
  numberColumn('Least', ({ statistics }) => statistics?.minimum),
  numberColumn('Greatest', ({ statistics }) => statistics?.maximum),
  ...[
    numberColumn<Metric>('Mean', ({ statistics }) => statistics?.mean, { none: 'no mean' }),
    numberColumn<Metric>('Standard deviation', ({ statistics }) => statistics?.standardDeviation),
    numberColumn<Metric>('Increase', ({ statistics }) => statistics?.increase),
    numberColumn<Metric>('Readings', ({ statistics }) => statistics?.count),
    timeColumn<Metric>('Counted since', ({ statistics }) => statistics?.since ?? null),
    timeColumn<Metric>('Last reported', ({ statistics }) => statistics?.lastAt ?? null),
  ].map(toWide),
]

/** Number of values of a reading that a narrow screen shows. */
const FEW = 2

/** Rules that apply to the entity, and their state. */
export function Rules({ now }: { readonly now: EntityNow }): JSX.Element {
  const { rules, alerts } = now
  const describeState = ({ rule, isPaused, learned }: WatchingRule) => {
    if (isPaused) return 'paused'
    const phase = alerts.find(({ identity, isOfSilence }) => identity === rule && !isOfSilence)?.phase
    const leftMs = learned?.learningMs ?? 0
    return phase ?? (leftMs > 0 ? `learning for another ${durationText(leftMs)}` : 'inactive')
  }
  const columns: readonly TableColumn<WatchingRule>[] = [
    column(
      'Rule',
      ({ name }) => <a href={buildAddress('/alerts/rules', { rule: name })}>{name}</a>,
      ({ rule }) => rule,
    ),
    textColumn('Metric', ({ metric }) => metric),
    column('Fires', rule => formatCondition(rule)),
    toWide(column('For', formatRuleDuration, ({ forMs }) => forMs)),
    toWide(column('Clears', rule => describeClearing(rule))),
    toWide(severityColumn()),
    column('Now', rule => <Phase phase={describeState(rule)} severity={rule.severity} />, describeState),
  ]
  return (
    <section>
      <h2>Rules that watch it</h2>
      {rules === null ? (
        <EmptyMessage>
          The log has not activated any rules in the entity's partition yet. The function <code>clock</code>{' '}
          activates them when it runs.
        </EmptyMessage>
      ) : (
        <DataTable
          name="rules"
          caption="rules that watch the entity"
          columns={columns}
          rows={rules}
          getKey={({ rule, metric }) => `${rule} ${metric}`}
          empty="No rules apply to its metrics."
        />
      )}
    </section>
  )
}

function Phase({ phase, severity }: { readonly phase: string; readonly severity: string }): JSX.Element {
  const isOn = ['pending', 'firing', 'recovering'].includes(phase)
  return <span class={isOn ? toTone(phase === 'pending' ? undefined : severity) : ''}>{phase}</span>
}

function describeClearing({ clearBelow, clearAbove, unit }: WatchingRule): string {
  const limits = [
    ...(clearBelow === null ? [] : [`at ${formatLimit(clearBelow, unit)} or less`]),
    ...(clearAbove === null ? [] : [`at ${formatLimit(clearAbove, unit)} or more`]),
  ]
  return limits.join(', ') || '–'
}

interface NewestProps {
  readonly now: EntityNow
  /** Indexes of the metrics to show. */
  readonly shown: readonly number[]
}

export function NewestReadings({ now, shown }: NewestProps): JSX.Element {
  const { newest, metrics, topic, partition } = now
  const values: readonly TableColumn<ShownReading>[] = [
    ...now.states.map(({ name }, index) =>
      textColumn<ShownReading>(name, ({ states }) => states[index] ?? '–'),
    ),
    ...shown.map(index => {
      const { name = '', unit = '' } = metrics[index] ?? {}
      return numberColumn<ShownReading>(`${name}${formatUnit(unit)}`, ({ values }) => values[index])
    }),
  ]
  const columns: readonly TableColumn<ShownReading>[] = [
    column('Event time', ({ timeMs }) => <Moment at={timeMs} />),
    ...values.slice(0, FEW),
    ...values.slice(FEW).map(toWide),
    column('Record', ({ offset }) => (
      <a href={buildAddress('/kafka/messages', { topic, partition, offset })}>
        {partition}@{offset}
      </a>
    )),
  ]
  return (
    <section>
      <h2>Newest readings</h2>
      <DataTable
        name="newest"
        caption="newest readings"
        columns={columns}
        rows={newest.toReversed()}
        getKey={({ offset }) => String(offset)}
        empty="The log contains no readings of the entity from the last 15 minutes."
      />
    </section>
  )
}
