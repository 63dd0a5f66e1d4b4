/** Chart with a fixed time range. uPlot draws the chart. This component adjusts the width and the colors, and updates the data. */

import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import { formatAxisTimes } from '../components/value-texts.ts'
import { type Columns, computeRange, listLegend, type Marks, sliceColumns } from './chart-series.ts'
import { placeLabels } from './label-places.ts'
import 'uplot/dist/uPlot.min.css'

/** Shape in which a series is drawn. `edge` is a border of the band between the second and the third list of values. */
type Shape = 'line' | 'edge'

interface Props {
  readonly columns: Columns
  readonly shapes: readonly Shape[]
  /** Start of the chart in epoch seconds; `toS` is its end. */
  readonly fromS: number
  readonly toS: number
  /** Smallest and largest value shown. */
  readonly range: readonly [number, number]
  readonly marks?: Marks
  /** Sentence for screen readers that describes the contents. */
  readonly label: string
  /** Returns the text for the point under the mouse pointer. */
  readonly readout: (index: number) => string
}

const NO_MARKS: Marks = { levels: [], spans: [], bands: [] }
const LEAST_WIDTH = 200
const HEIGHT = 165

export function TimeChart(props: Props): JSX.Element {
  const { columns, shapes, label } = props
  const place = useRef<HTMLDivElement>(null)
  const readoutRef = useRef<HTMLParagraphElement>(null)
  const chart = useRef<uPlot>(undefined)
  const latest = useRef(props)
  latest.current = props
  const kind = shapes.join()
  useEffect(() => {
    const element = place.current
    if (!element) return
    const width = () => Math.max(LEAST_WIDTH, element.clientWidth)
    const plot = new uPlot(
      { ...buildOptions(element, latest, readoutRef), width: width(), height: HEIGHT },
      toData(latest.current.columns),
      element,
    )
    chart.current = plot
    const watching = new ResizeObserver(() => plot.setSize({ width: width(), height: HEIGHT }))
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
  }, [kind])
  useEffect(() => chart.current?.setData(toData(columns)), [columns, props.fromS, props.toS])
  return (
    <div class="chart">
      <div ref={place} role="img" aria-label={label} />
      <p class="readout" ref={readoutRef} aria-hidden="true" />
    </div>
  )
}

/** Chart of statistics: the means, the area from least to greatest values, and marks. Times are in epoch milliseconds. */
export function StatisticsChart({
  columns,
  fromMs,
  toMs,
  marks,
  ...texts
}: Pick<Props, 'columns' | 'label' | 'readout'> & {
  readonly fromMs: number
  readonly toMs: number
  readonly marks: Marks
}): JSX.Element {
  return (
    <TimeChart
      columns={columns}
      shapes={['line', 'edge', 'edge']}
      fromS={fromMs / 1_000}
      toS={toMs / 1_000}
      range={computeRange(sliceColumns(columns, fromMs, toMs).lists, marks.levels)}
      marks={marks}
      {...texts}
    />
  )
}

/** Explains the lines and areas of charts, once for all charts of a page. */
export function ChartLegend({
  marks,
  step,
}: {
  readonly marks: readonly Marks[]
  /** Period of each point. */
  readonly step?: string
}): JSX.Element {
  return (
    <ul class="row muted" aria-label="Legend">
      {listLegend(marks, step).map(([shape, severity, text]) => (
        <li key={text}>
          <span
            class={`dot swatch ${shape}`}
            style={{ color: `var(${COLORS[severity] ?? '--pico-primary'})` }}
          />
          <small>{text}</small>
        </li>
      ))}
    </ul>
  )
}

function toData({ times, lists }: Columns): uPlot.AlignedData {
  return [times, ...lists] as unknown as uPlot.AlignedData
}

type Latest = { readonly current: Props }

function buildOptions(
  element: HTMLElement,
  latest: Latest,
  readoutRef: { readonly current: HTMLElement | null },
): Omit<uPlot.Options, 'width' | 'height'> {
  const getColor = (property: string) => getComputedStyle(element).getPropertyValue(property).trim()
  const axis = {
    stroke: () => getColor('--pico-muted-color'),
    font: '11px system-ui, sans-serif',
    grid: { stroke: 'rgba(128, 128, 128, 0.2)', width: 1 },
    ticks: { show: false },
  }
  const { shapes } = latest.current
  return {
    series: [{}, ...shapes.map(shape => buildSeries(shape, getColor))],
    ...(shapes.includes('edge')
      ? { bands: [{ series: [3, 2] as [number, number], fill: () => fade(getColor('--pico-primary')) }] }
      : {}),
    scales: {
      x: { range: () => [latest.current.fromS, latest.current.toS] },
      y: { range: () => [...latest.current.range] as [number, number] },
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
      { ...axis, space: 28, size: 52 },
    ],
    cursor: {
      drag: { x: false, y: false, setScale: false },
      sync: { key: 'telemetry' },
      points: { size: 6 },
    },
    legend: { show: false },
    plugins: [createMarksPlugin(() => latest.current.marks ?? NO_MARKS, getColor)],
    hooks: {
      setCursor: [
        ({ cursor }) => {
          const { idx } = cursor
          if (readoutRef.current)
            readoutRef.current.textContent =
              idx === null || idx === undefined ? '' : latest.current.readout(idx)
        },
      ],
    },
  }
}

function buildSeries(shape: Shape, getColor: (property: string) => string): uPlot.Series {
  const stroke = () => getColor('--pico-primary')
  if (shape === 'edge') return { stroke: 'transparent', width: 0, points: { show: false } }
  // uPlot draws the points only if they are far enough apart.
  return { stroke, width: 1.5, points: { size: 4, fill: stroke, stroke } }
}

/** Returns a light shade of a color, for areas behind lines. */
function fade(color: string): string {
  return `color-mix(in srgb, ${color} 22%, transparent)`
}

/** CSS custom properties with the colors of severities. */
const COLORS: Readonly<Record<string, string>> = { critical: '--bad', warning: '--warn' }

/**
 * Returns a uPlot plugin that draws alerts and thresholds.
 *
 * @param marks returns the current marks
 * @param getColor returns the current value of a CSS custom property
 */
function createMarksPlugin(marks: () => Marks, getColor: (property: string) => string): uPlot.Plugin {
  const getSeverityColor = (severity: string) => getColor(COLORS[severity] ?? '--pico-primary')
  return {
    hooks: {
      drawAxes: chart => {
        for (const band of marks().bands) drawBand(chart, band, getSeverityColor(band.severity))
        for (const span of marks().spans) drawSpan(chart, span, getSeverityColor(span.severity))
      },
      draw: chart => drawLevels(chart, marks().levels, getSeverityColor),
    },
  }
}

/** Draws the usual values behind the curve, within the chart. */
function drawBand(chart: uPlot, { points }: Marks['bands'][number], color: string): void {
  const { ctx, bbox } = chart
  const edge = (which: 1 | 2) => points.map(point => [point[0], point[which]] as const)
  ctx.save()
  ctx.beginPath()
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height)
  ctx.clip()
  ctx.beginPath()
  for (const [atS, value] of [...edge(1), ...edge(2).reverse()])
    ctx.lineTo(chart.valToPos(atS, 'x', true), chart.valToPos(value, 'y', true))
  ctx.fillStyle = color
  ctx.globalAlpha = 0.12
  ctx.fill()
  ctx.restore()
}

function drawSpan(chart: uPlot, { fromS, toS }: Marks['spans'][number], color: string): void {
  const { ctx, bbox } = chart
  const clamp = (at: number) => Math.min(Math.max(at, bbox.left), bbox.left + bbox.width)
  const [left, right] = [clamp(chart.valToPos(fromS, 'x', true)), clamp(chart.valToPos(toS, 'x', true))]
  if (right <= left && (left === bbox.left || left === bbox.left + bbox.width)) return
  ctx.save()
  ctx.fillStyle = color
  ctx.globalAlpha = 0.16
  ctx.fillRect(left, bbox.top, Math.max(right - left, uPlot.pxRatio), bbox.height)
  ctx.globalAlpha = 0.8
  ctx.fillRect(left, bbox.top, uPlot.pxRatio, bbox.height)
  ctx.restore()
}

/** Height of a label in CSS pixels. */
const LABEL_HEIGHT = 14
/** Distance between a label and the border of the chart. */
const INDENT = 4

function drawLevels(chart: uPlot, levels: Marks['levels'], getColor: (severity: string) => string): void {
  const { ctx, bbox } = chart
  const { min, max } = chart.scales.y ?? {}
  if (min === undefined || min === null || max === undefined || max === null) return
  const pixel = uPlot.pxRatio
  const shown = levels
    .filter(({ value }) => value >= min && value <= max)
    .map(level => ({ ...level, y: Math.round(chart.valToPos(level.value, 'y', true)) }))
  ctx.save()
  ctx.font = `${11 * pixel}px system-ui, sans-serif`
  ctx.textAlign = 'left'
  ctx.textBaseline = 'middle'
  ctx.lineWidth = pixel
  ctx.setLineDash([5 * pixel, 4 * pixel])
  const height = LABEL_HEIGHT * pixel
  const labels = shown.map(({ y, name }) => ({ y, width: ctx.measureText(name).width }))
  const left = bbox.left + INDENT * pixel
  const [right, bottom] = [bbox.left + bbox.width, bbox.top + bbox.height]
  const places = placeLabels(labels, { top: bbox.top, bottom, left, right, height })
  for (const [index, { y, name, severity }] of shown.entries()) {
    ctx.strokeStyle = getColor(severity)
    ctx.fillStyle = getColor(severity)
    ctx.beginPath()
    ctx.moveTo(bbox.left, y)
    ctx.lineTo(bbox.left + bbox.width, y)
    ctx.stroke()
    const place = places[index]
    if (place) ctx.fillText(name, place.x, place.y + height / 2)
  }
  ctx.restore()
}
