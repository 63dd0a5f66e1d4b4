/** Charts of an entity's metrics, with thresholds and alerts, and of its states. */

import type { JSX } from 'preact'
import type { EntityNow } from '../../api/telemetry/entity-details.ts'
import type { EntityHistory } from '../../api/telemetry/entity-history.ts'
import { type Columns, type Marks, sliceColumns } from '../charts/chart-series.ts'
import { ChartLegend, TimeChart } from '../charts/time-chart.tsx'
import { formatCount, formatTime } from '../components/value-texts.ts'
import { type ChartRange, findBeginMs, formatPeriod } from './chart-range.ts'
import { toBands, toColumns, toLevels, toSpans } from './entity-series.ts'
import { StateChart } from './state-chart.tsx'
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
  readonly history: EntityHistory
  /** Indexes of the metrics to show. */
  readonly shown: readonly number[]
}

export function EntityCharts({ now, range, history, shown }: Props): JSX.Element {
  const missing = now.metrics.filter(({ statistics }) => !statistics).map(({ name }) => name)
  const reported = now.metrics.length - missing.length
  const { endsMs: toMs, step } = history
  const charts = shown.flatMap(index => {
    const metric = now.metrics[index]
    const columns = toColumns(history.entities[0]?.lines[metric?.name ?? ''], history, metric?.is)
    return metric ? [{ metric, columns, marks: findMarks(now, history, metric) }] : []
  })
  const fromMs = findBeginMs(history, range)
  const bandsOf = history.entities[0]?.states ?? {}
  const limits = [
    [shown.length, reported, 'metric'],
    [Object.keys(bandsOf).length, now.states.length, 'state'],
  ] as const
  const period = formatPeriod(history, range, Date.now())
  return (
    <>
      <div class="columns">
        {charts.map(chart => (
          <MetricChart key={chart.metric.name} {...{ now, range, fromMs, toMs, ...chart }} />
        ))}
        {now.states.map(state => {
          const bands = bandsOf[state.name]
          return bands && <StateChart key={state.name} {...{ state, bands, period, fromMs, toMs }} />
        })}
      </div>
      {shown.length > 0 && (
        <ChartLegend
          marks={charts.map(({ marks }) => marks)}
          step={step}
          kinds={charts.map(({ metric }) => metric.is)}
        />
      )}
      {limits.map(
        ([drawn, all, what]) =>
          drawn < all && (
            <p key={what} class="muted" role="status">
              {drawn} of {formatCount(all, what)}. To see others, enter a part of their names above.
            </p>
          ),
      )}
      {missing.length > 0 && <p class="muted">It has never reported {missing.join(', ')}.</p>}
    </>
  )
}

function selectRules({ rules }: EntityNow, metric: string) {
  return (rules ?? []).filter(rule => rule.metric === metric && !rule.isPaused)
}

function findMarks(
  now: EntityNow,
  { entities: [own], endsMs, step }: EntityHistory,
  { name, is }: EntityNow['metrics'][number],
): Marks {
  const rules = selectRules(now, name)
  // Thresholds of a counter are compared with its value, not with what it has risen.
  const isOfValues = is !== 'counter' || step === 'reading' || step === 'second'
  return {
    levels: isOfValues ? toLevels(rules, name) : [],
    bands: toBands(rules),
    spans: toSpans(own?.alerts ?? [], name, endsMs),
  }
}

interface MetricChartProps extends Pick<Props, 'now' | 'range'> {
  readonly metric: EntityNow['metrics'][number]
  readonly columns: Columns
  readonly marks: Marks
  /** Start and end of all charts of the page, in epoch milliseconds. */
  readonly fromMs: number
  readonly toMs: number
}

function MetricChart(props: MetricChartProps): JSX.Element {
  const { now, range, metric, columns, marks, fromMs, toMs } = props
  const { name, unit, statistics } = metric
  const { levels, spans } = marks
  const limits = levels.map(({ value }) => value)
  const { lists } = sliceColumns(columns, fromMs, toMs)
  return (
    <section class="card">
      <h3>
        {name}
        <small>{formatUnit(unit)}</small>
      </h3>
      <p class="line">{statistics && <strong>{formatValue(statistics.last, unit, limits)}</strong>}</p>
      <TimeChart
        {...{ fromMs, toMs, marks }}
        lines={[{ columns }]}
        label={formatLabel({ name, unit, range, lists, limits, spans: spans.length })}
        readout={at => formatReadout(columns, at, unit, limits)}
      />
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
  readonly lists: Columns['lists']
  readonly limits: readonly number[]
  readonly spans: number
}

/** Returns the sentence for screen readers. */
export function formatLabel({ name, unit, range, lists, limits, spans }: ChartSummary): string {
  const values = lists.flat().filter(value => typeof value === 'number')
  const what = `${name} in the last ${range.text}`
  if (values.length === 0) return `${what}: no data`
  const [least, most] = [Math.min(...values), Math.max(...values)].map(value =>
    formatValue(value, unit, limits),
  )
  return `${what}: from ${least} to ${most}; ${formatCount(limits.length, 'threshold')} of rules, ${formatCount(spans, 'alert')}`
}
