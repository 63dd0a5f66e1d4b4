/** Draws the marks of a chart: alerts, usual values, and the thresholds of rules with their labels. */

import uPlot from 'uplot'
import type { Columns, Marks } from './chart-series.ts'
import { placeLabels } from './label-places.ts'
import { SEVERITY_COLORS } from './line-looks.ts'

/**
 * Returns a uPlot plugin that draws alerts and thresholds.
 *
 * @param marks returns the current marks
 * @param getColor returns the current value of a CSS custom property
 */
export function createMarksPlugin(marks: () => Marks, getColor: (property: string) => string): uPlot.Plugin {
  const getSeverityColor = (severity: string) => getColor(SEVERITY_COLORS[severity] ?? '--pico-primary')
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
  ctx.strokeStyle = color
  ctx.globalAlpha = 0.12
  ctx.fill()
  ctx.globalAlpha = 1
  ctx.setLineDash([uPlot.pxRatio, 3 * uPlot.pxRatio])
  ctx.stroke()
  ctx.restore()
}

/** Draws the time of an alert: along the line that it is about or, by default, in the height of the chart. */
function drawSpan(chart: uPlot, { fromS, toS, columns }: Marks['spans'][number], color: string): void {
  const { ctx, bbox } = chart
  const clamp = (at: number) => Math.min(Math.max(at, bbox.left), bbox.left + bbox.width)
  const [left, right] = [clamp(chart.valToPos(fromS, 'x', true)), clamp(chart.valToPos(toS, 'x', true))]
  if (right <= left && (left === bbox.left || left === bbox.left + bbox.width)) return
  const width = Math.max(right - left, uPlot.pxRatio)
  ctx.save()
  ctx.fillStyle = color
  ctx.strokeStyle = color
  if (columns) {
    ctx.beginPath()
    ctx.rect(left, bbox.top, width, bbox.height)
    ctx.clip()
    ctx.globalAlpha = 0.3
    highlightLine(chart, columns)
  } else {
    ctx.globalAlpha = 0.16
    ctx.fillRect(left, bbox.top, width, bbox.height)
    ctx.globalAlpha = 0.8
    ctx.fillRect(left, bbox.top, uPlot.pxRatio, bbox.height)
  }
  ctx.restore()
}

/** Draws a highlight along a line. A point alone is a dot. */
function highlightLine({ ctx, valToPos }: uPlot, { times, lists: [values = []] }: Columns): void {
  ctx.beginPath()
  for (const [index, time] of times.entries()) {
    const value = values[index]
    if (typeof value !== 'number') continue
    const [x, y] = [valToPos(time, 'x', true), valToPos(value, 'y', true)]
    if (typeof values[index - 1] !== 'number') ctx.moveTo(x, y)
    ctx.lineTo(x, y)
  }
  Object.assign(ctx, { lineWidth: 10 * uPlot.pxRatio, lineCap: 'round', lineJoin: 'round' })
  ctx.stroke()
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
