/** Charts of an entity's metrics, with thresholds and alerts. */

import type { JSX } from 'preact'
import { useMemo } from 'preact/hooks'
import { HOUR_MS, MINUTE_MS } from '../../../lib/support/duration.ts'
import type { EntityNow } from '../../api/telemetry/entity-details.ts'
import type { EntityHistory } from '../../api/telemetry/entity-history.ts'
import type { StoredHistory } from '../../api/telemetry/stored-history.ts'
import { type Columns, findFirstMs, type Marks, sliceColumns } from '../charts/chart-series.ts'
import { ChartLegend, StatisticsChart } from '../charts/time-chart.tsx'
import { formatCount, formatTime } from '../components/value-texts.ts'
import type { ChartRange } from './chart-range.ts'
import { toBands, toLevels, toMinuteColumns, toSpans, toStoredColumns } from './entity-series.ts'
import {
  describeLearning,
  formatCondition,
  formatRuleDuration,
  formatUnit,
  formatValue,
} from './telemetry-texts.ts'

interface Props {
  readonly now: EntityNow
  readonly range: ChartRange
  /** History of the entity, from the topics or, of a longer range than an hour, from the database; undefined until it has been read. */
  readonly history: EntityHistory | StoredHistory | undefined
  /** Indexes of the metrics to show. */
  readonly shown: readonly number[]
}

export function EntityCharts({ now, range, history, shown }: Props): JSX.Element {
  const missing = now.metrics.filter(({ statistics }) => !statistics).map(({ name }) => name)
  const reported = now.metrics.length - missing.length
  const charts = useMemo(
    () => shown.map(index => toColumns(history, now, now.metrics[index]?.name ?? '')),
    [now.openMinute, now.endsMs, history, shown],
  )
  const marks = shown.map(index => findMarks(now, history, now.metrics[index]?.name ?? ''))
  const fromMs = now.endsMs - range.hours * HOUR_MS
  // While the history is loading, only the open minute is known.
  const beginMs = history ? Math.min(findFirstMs(charts, fromMs, now.endsMs), now.endsMs - MINUTE_MS) : fromMs
  const step = history && 'step' in history ? history.step : 'minute'
  return (
    <>
      <div class="columns">
        {shown.map((index, at) => (
          <MetricChart
            key={now.metrics[index]?.name}
            {...{ now, range, index, fromMs: beginMs, isLoading: !history }}
            columns={charts[at] as Columns}
            marks={marks[at] as Marks}
          />
        ))}
      </div>
      {shown.length > 0 && <ChartLegend marks={marks} step={step} />}
      {shown.length < reported && (
        <p class="muted" role="status">
          {shown.length} of {formatCount(reported, 'metric', 'metrics')}. To see others, enter a part of their
          names above.
        </p>
      )}
      {missing.length > 0 && <p class="muted">It has never reported {missing.join(', ')}.</p>}
    </>
  )
}

function selectRules({ rules }: EntityNow, metric: string) {
  return (rules ?? []).filter(rule => rule.metric === metric && !rule.isPaused)
}

function findMarks(now: EntityNow, history: Props['history'], metric: string): Marks {
  const rules = selectRules(now, metric)
  const spans = toSpans(history?.alerts ?? [], now.alerts, { metric, endsMs: now.endsMs })
  return { levels: toLevels(rules, metric), bands: toBands(rules), spans }
}

interface MetricChartProps extends Pick<Props, 'now' | 'range'> {
  readonly index: number
  readonly columns: Columns
  readonly marks: Marks
  /** Start of all charts of the page, in epoch milliseconds. */
  readonly fromMs: number
  readonly isLoading: boolean
}

function MetricChart(props: MetricChartProps): JSX.Element | null {
  const { now, range, index, columns, marks, fromMs, isLoading } = props
  const metric = now.metrics[index]
  if (!metric) return null
  const { name, unit, statistics } = metric
  const { levels, spans } = marks
  const limits = levels.map(({ value }) => value)
  const toMs = now.endsMs
  const shown = sliceColumns(columns, fromMs, toMs)
  return (
    <section class="card">
      <h3>
        {name}
        <small>{formatUnit(unit)}</small>
      </h3>
      <p class="line">{statistics && <strong>{formatValue(statistics.last, unit, limits)}</strong>}</p>
      <StatisticsChart
        {...{ columns, fromMs, toMs, marks }}
        label={formatLabel({ name, unit, range, columns: shown, limits, spans: spans.length })}
        readout={at => formatReadout(columns, at, unit, limits)}
      />
      {isLoading && (
        <p class="muted" aria-busy="true">
          Loading the statistics …
        </p>
      )}
      <ul class="list muted">
        {selectRules(now, name).map(rule => (
          <li key={rule.rule}>
            <strong>{rule.name}</strong> {formatCondition(rule)}, {rule.forMs === 0 ? '' : 'for '}
            {formatRuleDuration(rule)}
            {describeLearning(rule)}
          </li>
        ))}
      </ul>
    </section>
  )
}

function toColumns(history: Props['history'], now: EntityNow, metric: string): Columns {
  if (history && 'step' in history) return toStoredColumns(history, now, metric)
  return toMinuteColumns(history ?? { minutes: [], metrics: {} }, now.openMinute, metric)
}

/** Returns the text about the point under the mouse pointer; empty for a gap. */
export function formatReadout(
  { times, lists: [values, least, most] }: Columns,
  at: number,
  unit: string,
  limits: readonly number[] = [],
): string {
  const value = values?.[at]
  if (value === null || value === undefined) return ''
  const time = formatTime((times[at] ?? 0) * 1_000, Date.now())
  const between = least?.[at]
  const formatPlain = (of: number) => formatValue(of, '1', limits)
  const range =
    typeof between === 'number' ? ` · ${formatPlain(between)} to ${formatPlain(most?.[at] ?? between)}` : ''
  return `${time} · ${formatValue(value, unit, limits)}${range}`
}

interface ChartSummary {
  readonly range: ChartRange
  readonly name: string
  readonly unit: string
  readonly columns: Columns
  readonly limits: readonly number[]
  readonly spans: number
}

function formatLabel({ name, unit, range, columns, limits, spans }: ChartSummary): string {
  const values = columns.lists.flat().filter(value => typeof value === 'number')
  const what = `${name} in the last ${range.text}`
  if (values.length === 0) return `${what}: no data`
  const [least, most] = [Math.min(...values), Math.max(...values)].map(value =>
    formatValue(value, unit, limits),
  )
  return `${what}: from ${least} to ${most}; ${formatCount(limits.length, 'threshold')} of rules, ${formatCount(spans, 'alert')}`
}
