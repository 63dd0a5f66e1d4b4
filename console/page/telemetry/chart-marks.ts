/** Draws limits as dashed lines and alerts as shaded times over a chart. */
import uPlot from 'uplot'
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
      draw: chart => {
        for (const level of marks().levels) drawLevel(chart, level, of(level.severity))
      },
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

function drawLevel(chart: uPlot, { value, name }: Level, colour: string): void {
  const { ctx, bbox } = chart
  const { min, max } = chart.scales.y ?? {}
  if (min === undefined || min === null || max === undefined || max === null) return
  if (value < min || value > max) return
  const y = Math.round(chart.valToPos(value, 'y', true))
  const pixel = uPlot.pxRatio
  ctx.save()
  ctx.strokeStyle = colour
  ctx.fillStyle = colour
  ctx.lineWidth = pixel
  ctx.setLineDash([5 * pixel, 4 * pixel])
  ctx.beginPath()
  ctx.moveTo(bbox.left, y)
  ctx.lineTo(bbox.left + bbox.width, y)
  ctx.stroke()
  ctx.font = `${11 * pixel}px system-ui, sans-serif`
  ctx.textAlign = 'left'
  const isHigh = y - bbox.top < 16 * pixel
  ctx.textBaseline = isHigh ? 'top' : 'bottom'
  ctx.fillText(name, bbox.left + 4 * pixel, y + (isHigh ? 3 : -2) * pixel)
  ctx.restore()
}
