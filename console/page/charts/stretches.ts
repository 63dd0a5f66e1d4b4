/** Stretches of time that fill the height of a chart without values, such as the times in which a state had one value. */

import uPlot from 'uplot'

export interface Stretch {
  /** In epoch milliseconds. */
  readonly fromMs: number
  readonly toMs: number
  readonly text: string
  /** Place among the texts, which differ in color. */
  readonly place: number
}

/** Text of the time outside of all stretches. */
export const UNKNOWN = 'unknown'

/** Returns the text at a time, such as the one under the mouse pointer. */
export function findText(stretches: readonly Stretch[], atMs: number): string {
  return stretches.find(({ fromMs, toMs }) => fromMs <= atMs && atMs < toMs)?.text ?? UNKNOWN
}

/** Returns the times at which the text changes, from the start of the chart on, in epoch milliseconds. */
export function listChanges(stretches: readonly Stretch[], beginMs: number, endMs: number): number[] {
  const edges = stretches.flatMap(({ fromMs, toMs }) => [fromMs, toMs])
  return [...new Set([beginMs, ...edges])].filter(at => at >= beginMs && at < endMs).sort((a, b) => a - b)
}

/** Distance between a text and the borders of its stretch, in CSS pixels. */
const INDENT = 5
const UNKNOWN_SHADE = 0.15

/**
 * Returns a uPlot plugin that draws stretches, with their texts where they fit. Other times are grey.
 *
 * @param getStretches returns the current stretches; undefined for a chart of values
 */
export function createStretchesPlugin(
  getStretches: () => readonly Stretch[] | undefined,
  getPlaceColor: (place: number) => string,
  getColor: (property: string) => string,
): uPlot.Plugin {
  const draw = (chart: uPlot) => {
    const { ctx, bbox } = chart
    const stretches = getStretches()
    if (!stretches) return
    const pixel = uPlot.pxRatio
    const toX = (ms: number) => chart.valToPos(ms / 1_000, 'x', true)
    ctx.save()
    ctx.beginPath()
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height)
    ctx.clip()
    ctx.fillStyle = getColor('--pico-muted-color')
    ctx.globalAlpha = UNKNOWN_SHADE
    ctx.fillRect(bbox.left, bbox.top, bbox.width, bbox.height)
    ctx.globalAlpha = 1
    ctx.font = `${12 * pixel}px system-ui, sans-serif`
    ctx.textBaseline = 'middle'
    ctx.textAlign = 'left'
    for (const { fromMs, toMs, text, place } of stretches) {
      const [left, right] = [toX(fromMs), toX(toMs)]
      ctx.fillStyle = getPlaceColor(place)
      ctx.fillRect(left, bbox.top, Math.max(right - left, pixel), bbox.height)
      const begin = Math.max(left, bbox.left) + INDENT * pixel
      ctx.fillStyle = getColor('--pico-card-background-color')
      if (begin + ctx.measureText(text).width + INDENT * pixel <= right)
        ctx.fillText(text, begin, bbox.top + bbox.height / 2)
    }
    ctx.restore()
  }
  return { hooks: { drawAxes: draw } }
}
