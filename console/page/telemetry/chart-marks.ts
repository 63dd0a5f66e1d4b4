/** Draws limits as dashed lines and alerts as shaded times over a chart. */
import uPlot from 'uplot'
import { labelPlaces } from './label-places.ts'
import type { Level, Span } from './series.ts'

export interface Marks {
  readonly levels: readonly Level[]
  readonly spans: readonly Span[]
}

/** The custom property with the colour of a severity. */
const COLOURS: Readonly<Record<string, string>> = { critical: '--bad', warning: '--warn' }

/**
 * @param marks what is to be drawn now
 * @param colour the value of a custom property, as the theme has it now
 */
export function marksPlugin(marks: () => Marks, colour: (property: string) => string): uPlot.Plugin {
  const of = (severity: string) => colour(COLOURS[severity] ?? '--pico-primary')
  return {
    hooks: {
      drawAxes: chart => {
        for (const span of marks().spans) drawSpan(chart, span, of(span.severity))
      },
      draw: chart => drawLevels(chart, marks().levels, of),
    },
  }
}

function drawSpan(chart: uPlot, { fromS, toS }: Span, colour: string): void {
  const { ctx, bbox } = chart
  const clamp = (at: number) => Math.min(Math.max(at, bbox.left), bbox.left + bbox.width)
  const [left, right] = [clamp(chart.valToPos(fromS, 'x', true)), clamp(chart.valToPos(toS, 'x', true))]
  if (right <= left && (left === bbox.left || left === bbox.left + bbox.width)) return
  ctx.save()
  ctx.fillStyle = colour
  ctx.globalAlpha = 0.16
  ctx.fillRect(left, bbox.top, Math.max(right - left, uPlot.pxRatio), bbox.height)
  ctx.globalAlpha = 0.8
  ctx.fillRect(left, bbox.top, uPlot.pxRatio, bbox.height)
  ctx.restore()
}

/** The height of a label, in pixels of the page. */
const LABEL_HEIGHT = 14
/** Between a label and the border of the chart. */
const INDENT = 4

function drawLevels(chart: uPlot, levels: readonly Level[], colourOf: (severity: string) => string): void {
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
  const places = labelPlaces(labels, { top: bbox.top, bottom, left, right, height })
  for (const [index, { y, name, severity }] of shown.entries()) {
    ctx.strokeStyle = colourOf(severity)
    ctx.fillStyle = colourOf(severity)
    ctx.beginPath()
    ctx.moveTo(bbox.left, y)
    ctx.lineTo(bbox.left + bbox.width, y)
    ctx.stroke()
    const place = places[index]
    if (place) ctx.fillText(name, place.x, place.y + height / 2)
  }
  ctx.restore()
}
