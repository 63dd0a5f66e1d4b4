/** A chart over time. uPlot draws it; this keeps it as wide as its place, and redraws it when its data change. */
import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { useIsDark } from './theme.ts'
import { clockText, numberText, timeText } from './words.ts'

interface Props {
  /** Seconds since the epoch, then one list of values for each series. */
  readonly data: uPlot.AlignedData
  readonly series: readonly uPlot.Series[]
  readonly height?: number
  /** Drawn over it, such as thresholds. They are those of the first drawing: what changes, they must read from outside. */
  readonly plugins?: readonly uPlot.Plugin[]
  readonly scales?: uPlot.Scales
  /** For those who do not see it: what it shows, in a sentence. */
  readonly label: string
}

const NARROWEST = 200

export function Chart({ data, series, height = 220, plugins = [], scales = {}, label }: Props): JSX.Element {
  const place = useRef<HTMLDivElement>(null)
  const chart = useRef<uPlot>(undefined)
  const isDark = useIsDark()
  const names = JSON.stringify(series.map(({ label: name }) => name))
  useEffect(() => {
    const element = place.current
    if (!element) return
    const width = () => Math.max(NARROWEST, element.clientWidth)
    const made = new uPlot(
      {
        width: width(),
        height,
        series: [{ value: instantText }, ...series],
        axes: axesIn(getComputedStyle(element)),
        scales,
        plugins: [...plugins],
        legend: { live: true },
      },
      data,
      element,
    )
    chart.current = made
    const watching = new ResizeObserver(() => {
      if (made.width !== width()) made.setSize({ width: width(), height })
    })
    watching.observe(element)
    return () => {
      watching.disconnect()
      made.destroy()
      chart.current = undefined
    }
  }, [names, height, isDark])
  useEffect(() => {
    // The first drawing has them already.
    if (chart.current && chart.current.data !== data) chart.current.setData(data)
  }, [data])
  return <div class="chart" ref={place} role="img" aria-label={label} />
}

function instantText(_: uPlot, seconds: number | null): string {
  return seconds === null ? '–' : timeText(seconds * 1_000, Date.now())
}

function axesIn(colours: CSSStyleDeclaration): uPlot.Axis[] {
  const look = { stroke: colours.color, grid: { stroke: colours.getPropertyValue('--grid') } }
  const times = (_: uPlot, splits: number[], _axis: number, _space: number, step: number) =>
    splits.map(seconds => clockText(seconds * 1_000, step))
  const values = (_: uPlot, splits: number[]) => splits.map(numberText)
  return [
    { ...look, values: times },
    { ...look, values },
  ]
}
