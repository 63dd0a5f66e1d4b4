/** Charts of an entity's metrics, with thresholds and alerts, and of its states. */

import type { JSX } from 'preact'
import type { EntityNow } from '../../api/telemetry/entity-details.ts'
import type { EntityHistory } from '../../api/telemetry/entity-history.ts'
import { type Columns, isIncrease, type Marks, sliceColumns } from '../charts/chart-series.ts'
import { TimeChart } from '../charts/time-chart.tsx'
import { formatCount } from '../components/value-texts.ts'
import { type ChartRange, findBeginMs, formatPeriod } from './chart-range.ts'
import { findWhole, toBands, toColumns, toLevels, toSpans } from './entity-series.ts'
import { StateChart } from './state-chart.tsx'
import { formatTitle, formatUnit, formatValue } from './telemetry-texts.ts'

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
  const { endsMs: toMs } = history
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
        {shown.map(index => {
          const metric = now.metrics[index]
          return (
            metric && <MetricChart key={metric.name} {...{ now, range, history, metric, fromMs, toMs }} />
          )
        })}
        {now.states.map(state => {
          const bands = bandsOf[state.name]
          return bands && <StateChart key={state.name} {...{ state, bands, period, fromMs, toMs }} />
        })}
      </div>
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

function findMarks(
  now: EntityNow,
  { entities: [own], endsMs, step }: EntityHistory,
  { name, is }: EntityNow['metrics'][number],
): Marks {
  const rules = (now.rules ?? []).filter(rule => rule.metric === name && !rule.isPaused)
  // Thresholds of a counter are compared with its value, not with what it has risen.
  return {
    levels: isIncrease(is, step) ? [] : toLevels(rules, name),
    bands: toBands(rules),
    spans: toSpans(own?.alerts ?? [], name, endsMs),
  }
}

interface MetricChartProps extends Omit<Props, 'shown'> {
  readonly metric: EntityNow['metrics'][number]
  /** Start and end of all charts of the page, in epoch milliseconds. */
  readonly fromMs: number
  readonly toMs: number
}

function MetricChart(props: MetricChartProps): JSX.Element {
  const { now, range, history, metric, fromMs, toMs } = props
  const { unit, statistics, is } = metric
  const { step } = history
  const name = formatTitle(metric.name, is, step)
  const line = history.entities[0]?.lines[metric.name]
  const columns = toColumns(line, history, is)
  const increase = isIncrease(is, step) ? findWhole(line, history) : undefined
  const marks = findMarks(now, history, metric)
  const { levels, spans } = marks
  const limits = levels.map(({ value }) => value)
  const newest = statistics && formatValue(statistics.last, unit, limits)
  const { lists } = sliceColumns(columns, fromMs, toMs)
  return (
    <section class="card">
      <h3>
        {name}
        <small>{formatUnit(unit)}</small>
      </h3>
      <p class="line">
        <strong class="figure">{increase === undefined ? newest : formatValue(increase, unit)}</strong>{' '}
        {increase !== undefined && <small class="muted">{newest} in all</small>}
      </p>
      <TimeChart
        {...{ fromMs, toMs, marks }}
        lines={[{ columns }]}
        label={formatLabel({ name, unit, range, lists, limits, spans: spans.length })}
        readout={at => formatReadout(columns, at, unit, limits)}
        legend={{ step, is }}
      />
    </section>
  )
}

/** Returns the text of a value of a chart, with the least and the greatest value of its period; empty for a gap. */
export function formatReadout(
  { lists: [values, least, most] }: Columns,
  at: number,
  unit: string,
  limits: readonly number[] = [],
): string {
  const value = values?.[at]
  if (value === null || value === undefined) return ''
  const between = least?.[at]
  const formatPlain = (of: number) => formatValue(of, '1', limits)
  const range =
    typeof between === 'number' ? ` · ${formatPlain(between)} to ${formatPlain(most?.[at] ?? between)}` : ''
  return `${formatValue(value, unit, limits)}${range}`
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
