/**
 * Chart with a fixed time range of at least a minute. uPlot draws the chart. This component adjusts the width and the colors, and
 * updates the data.
 */

import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import uPlot from 'uplot'
import { MINUTE_MS } from '../../../lib/support/duration.ts'
import type { MetricKind } from '../../../lib/telemetry/index.ts'
import { column, DataTable, timeColumn } from '../components/data-table.tsx'
import { formatAxisTimes, formatDigits, formatTime } from '../components/value-texts.ts'
import {
  type Columns,
  computeRange,
  findNearest,
  listLegend,
  listPoints,
  type Marks,
  movePoint,
  type Point,
  sliceColumns,
} from './chart-series.ts'
import { fade, getLineColor, getLook, SEVERITY_COLORS } from './line-looks.ts'
import { createMarksPlugin } from './marks.ts'
import { createStretchesPlugin, findText, type Stretch } from './stretches.ts'
import 'uplot/dist/uPlot.min.css'

/** Line of a chart. Three lists of values are the line, and the least and the greatest values, with an area between them. */
interface ChartLine {
  readonly columns: Columns
  /** Place among the lines that differ in color; absent for the only line of a chart. */
  readonly place?: number
  /** Name, if the chart has several lines. */
  readonly name?: string
}

interface Props {
  readonly lines: readonly ChartLine[]
  /** Place of the line that is emphasized. */
  readonly emphasized?: number | undefined
  /** Height in pixels. */
  readonly height?: number
  /** Start of the chart in epoch milliseconds; `toMs` is its end. */
  readonly fromMs: number
  readonly toMs: number
  /** True if the values begin at zero. */
  readonly isFromZero?: boolean
  readonly marks?: Marks
  /** Stretches that a chart without values shows. */
  readonly stretches?: readonly Stretch[]
  /** Sentence for screen readers that describes the contents. */
  readonly label: string
  /** Returns the text of a value. A chart of stretches has one of its own. */
  readonly readout?: (index: number, line: number) => string
  /** Period of each point and kind of the metric, for the legend; absent for a chart without one. */
  readonly legend?: { readonly step: string; readonly is: MetricKind }
}

const NO_MARKS: Marks = { levels: [], spans: [], bands: [] }
const LEAST_WIDTH = 200
const HEIGHT = 165
/** Time after the last key until the value is announced, so that a key that is held down announces one value. */
const ANNOUNCED_AFTER_MS = 300

export function TimeChart(props: Props): JSX.Element {
  const { lines, emphasized, label, height = HEIGHT } = props
  const place = useRef<HTMLDivElement>(null)
  const readoutRef = useRef<HTMLParagraphElement>(null)
  const [announced, setAnnounced] = useState('')
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const point = useRef<Point>(undefined)
  const [isTableOpen, setTableOpen] = useState(false)
  const chart = useRef<uPlot>(undefined)
  const latest = useRef(props)
  latest.current = props
  const isEmpty = computeValueRange(props) === undefined
  const kind = lines.map(({ columns, place }) => `${columns.lists.length} ${place}`).join()
  useEffect(() => {
    const element = place.current
    if (!element || isEmpty) return
    const width = () => Math.max(LEAST_WIDTH, element.clientWidth)
    const plot = new uPlot(
      { ...buildOptions(element, latest, show), width: width(), height },
      toData(latest.current.lines),
      element,
    )
    chart.current = plot
    const watching = new ResizeObserver(() => plot.setSize({ width: width(), height }))
    watching.observe(element)
    const theme = matchMedia('(prefers-color-scheme: dark)')
    const repaint = () => plot.redraw(false)
    theme.addEventListener('change', repaint)
    return () => {
      theme.removeEventListener('change', repaint)
      watching.disconnect()
      plot.destroy()
      chart.current = undefined
    }
  }, [kind, isEmpty])
  const drawn = lines.map(({ columns }) => columns)
  useEffect(() => chart.current?.setData(toData(lines)), [...drawn, emphasized, props.fromMs, props.toMs])
  const show = (at: Point | undefined, atMs = 0) => {
    point.current = at
    const text = describeValue(latest.current, atMs, at)
    if (readoutRef.current)
      readoutRef.current.textContent = atMs && text ? `${formatTime(atMs, Date.now())} · ${text}` : ''
  }
  // A tap may have moved the readouts of other charts, too.
  const hide = () => chart.current?.over.dispatchEvent(new MouseEvent('mouseleave'))
  const move = (event: KeyboardEvent) => {
    const to = movePoint(listPoints(lines, ...computeTimeRange(props)), point.current, event.key)
    if (!chart.current || !to) return
    event.preventDefault()
    const [left, top] = [
      chart.current.valToPos(to.atMs / 1_000, 'x'),
      chart.current.valToPos(to.value ?? 0, 'y'),
    ]
    chart.current.setCursor({ left: Math.max(0, left), top: Math.max(0, top) })
    // Of several lines with this value, the cursor finds the first.
    show(to, to.atMs)
    clearTimeout(timer.current)
    timer.current = setTimeout(() => setAnnounced(readoutRef.current?.textContent ?? ''), ANNOUNCED_AFTER_MS)
  }
  return (
    <div class="chart">
      {/* biome-ignore-start lint/a11y: the arrow keys move the readout, as the mouse pointer does */}
      <div
        ref={place}
        role="application"
        aria-roledescription="chart"
        aria-label={label}
        tabIndex={0}
        onKeyDown={move}
        onBlur={hide}
        style={{ minHeight: `${height}px` }}
      >
        {isEmpty && <p class="empty">No values to show.</p>}
      </div>
      {/* biome-ignore-end lint/a11y: as above */}
      <p class="readout" ref={readoutRef} aria-hidden="true" />
      <p class="unseen" aria-live="polite">
        {announced}
      </p>
      {props.legend && <Legend {...props} {...props.legend} />}
      {!isEmpty && (
        <details onToggle={event => setTableOpen(event.currentTarget.open)}>
          <summary>
            <small>Table</small> <span class="unseen">{label}</span>
          </summary>
          {isTableOpen && <ValueTable {...props} />}
        </details>
      )}
    </div>
  )
}

/** Explains the line and the areas of a chart. */
function Legend({ lines, marks = NO_MARKS, step, is }: Props & NonNullable<Props['legend']>): JSX.Element {
  const ofValues = lines.some(({ place }) => place !== undefined) ? 'currentColor' : 'var(--pico-primary)'
  return (
    <ul class="row muted" aria-label="Legend">
      {listLegend(marks, step, is).map(([shape, severity, text]) => (
        <li key={text}>
          <span
            class={`dot swatch ${shape}`}
            style={{ color: severity ? `var(${SEVERITY_COLORS[severity] ?? '--pico-primary'})` : ofValues }}
          />
          <small>{text}</small>
        </li>
      ))}
    </ul>
  )
}

/** Table of the values of a chart, newest first. The tables of a page have the same order, and are turned over together. */
function ValueTable(props: Props): JSX.Element {
  const points = listPoints(props.lines, ...computeTimeRange(props))
  return (
    <DataTable<(typeof points)[number]>
      name="values"
      caption={props.label}
      columns={[
        timeColumn('Time', ({ atMs }) => atMs),
        column('Value', point => describeValue(props, point.atMs, point)),
      ]}
      rows={points}
      getKey={({ line, index }) => `${line} ${index}`}
      firstOrder="-Time"
      empty=""
    />
  )
}

function computeTimeRange({ fromMs, toMs }: Props): [fromMs: number, toMs: number] {
  return [Math.min(fromMs, toMs - MINUTE_MS), toMs]
}

/** Returns the value range; undefined for a chart without values, which has no axes. */
function computeValueRange(props: Props): [least: number, most: number] | undefined {
  const { lines, isFromZero, marks = NO_MARKS } = props
  const lists = lines.flatMap(({ columns }) => sliceColumns(columns, ...computeTimeRange(props)).lists)
  const range = computeRange(lists, marks.levels)
  return isFromZero && range ? [0, Math.max(1, range[1])] : range
}

function toData(lines: readonly ChartLine[]): uPlot.AlignedData {
  const tables = lines.map(
    ({ columns: { times, lists } }) => [times, ...lists] as unknown as uPlot.AlignedData,
  )
  return tables.length > 0 ? uPlot.join(tables) : [[]]
}

type Latest = { readonly current: Props }

function buildOptions(
  element: HTMLElement,
  latest: Latest,
  show: (point: Point | undefined, atMs?: number) => void,
): Omit<uPlot.Options, 'width' | 'height'> {
  const getColor = (property: string) => getComputedStyle(element).getPropertyValue(property).trim()
  const axis = {
    stroke: () => getColor('--pico-muted-color'),
    font: '11px system-ui, sans-serif',
    grid: { stroke: 'rgba(128, 128, 128, 0.2)', width: 1 },
    ticks: { show: false },
  }
  return {
    ...buildLines(latest, getColor),
    scales: {
      x: { range: () => computeTimeRange(latest.current).map(ms => ms / 1_000) as [number, number] },
      y: { range: () => computeValueRange(latest.current) ?? [0, 1] },
    },
    axes: [
      {
        ...axis,
        space: 60,
        size: 36,
        values: (_, times) =>
          formatAxisTimes(
            times.map(seconds => seconds * 1_000),
            Date.now(),
          ),
      },
      // A chart of stretches has the space, so that its time axis is below those of others.
      {
        ...axis,
        space: 28,
        size: 52,
        // uPlot's own texts are in the language of the browser.
        values: (_, values) => values.map(value => (latest.current.stretches ? '' : formatDigits(value))),
      },
    ],
    cursor: {
      drag: { x: false, y: false, setScale: false },
      sync: { key: 'telemetry' },
      points: { size: 6 },
      // After a tap, browsers report at once that the pointer has left.
      bind: {
        mouseleave: (_, __, leave) => event => (document.activeElement === element ? null : leave(event)),
      },
    },
    legend: { show: false },
    plugins: [
      createMarksPlugin(() => latest.current.marks ?? NO_MARKS, getColor),
      createStretchesPlugin(
        () => latest.current.stretches,
        place => getLineColor(place, undefined, getColor),
        getColor,
      ),
    ],
    hooks: {
      setCursor: [
        chart => {
          const { left = -1, top = -1 } = chart.cursor
          if (left < 0) return show(undefined)
          const { lines, stretches } = latest.current
          const atS = chart.posToVal(left, 'x')
          const at = findNearest(lines, atS, chart.posToVal(top, 'y'))
          show(at, 1_000 * (stretches || !at ? atS : (lines[at.line]?.columns.times[at.index] ?? atS)))
        },
      ],
    },
  }
}

/** Returns the text of a value, with its line if there are several, or that of a time in a chart of stretches; empty for a gap. */
function describeValue({ lines, stretches, readout }: Props, atMs: number, at: Point | undefined): string {
  if (stretches) return findText(stretches, atMs)
  const text = at && readout?.(at.index, at.line)
  return text ? [lines[at.line]?.name, text].filter(Boolean).join(' · ') : ''
}

/** Returns the lines, and the areas between the least and the greatest values. */
function buildLines(
  latest: Latest,
  getColor: (property: string) => string,
): Pick<uPlot.Options, 'series' | 'bands'> {
  const series: uPlot.Series[] = [{}]
  const bands: uPlot.Band[] = []
  if (latest.current.stretches) return { series: [...series, EDGE], bands }
  for (const { columns, place } of latest.current.lines) {
    const getStroke = () => getLineColor(place, latest.current.emphasized, getColor)
    series.push(buildSeries(getStroke, place))
    if (columns.lists.length === 1) continue
    bands.push({
      series: [series.length + 1, series.length],
      fill: () => fade(getStroke(), place === undefined ? 22 : 12),
    })
    series.push(EDGE, EDGE)
  }
  return { series, bands }
}

/** Border of an area, or a line that is not drawn. */
const EDGE: uPlot.Series = { stroke: 'transparent', width: 0, points: { show: false } }

function buildSeries(stroke: () => string, place = 0): uPlot.Series {
  // uPlot draws the points only if they are far enough apart.
  const dash = getLook(place).isDashed ? [7, 4] : []
  return { stroke, width: 1.5, points: { size: 4, fill: stroke, stroke }, dash }
}
