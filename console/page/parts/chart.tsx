/** A chart over time. uPlot draws it; this keeps it as wide as its place, and redraws it when its data change. */
import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'

interface Props {
  /** Seconds since the epoch, then one list of values for each series. */
  readonly data: uPlot.AlignedData
  readonly series: readonly uPlot.Series[]
  readonly height?: number
  /** Drawn over it, such as thresholds. */
  readonly plugins?: readonly uPlot.Plugin[]
  readonly scales?: uPlot.Scales
  /** For those who do not see it: what it shows, in a sentence. */
  readonly label: string
}

export function Chart({ data, series, height = 220, plugins = [], scales = {}, label }: Props): JSX.Element {
  const place = useRef<HTMLDivElement>(null)
  const chart = useRef<uPlot>(undefined)
  const names = JSON.stringify(series.map(({ label: name }) => name))
  useEffect(() => {
    const element = place.current
    if (!element) return
    const colours = getComputedStyle(element)
    const axis = { stroke: colours.color, grid: { stroke: colours.getPropertyValue('--grid') } }
    const made = new uPlot(
      {
        width: Math.max(200, element.clientWidth),
        height,
        series: [{}, ...series],
        axes: [axis, axis],
        scales,
        plugins: [...plugins],
        legend: { live: true },
      },
      data,
      element,
    )
    chart.current = made
    const watching = new ResizeObserver(() =>
      made.setSize({ width: Math.max(200, element.clientWidth), height }),
    )
    watching.observe(element)
    return () => {
      watching.disconnect()
      made.destroy()
      chart.current = undefined
    }
  }, [names, height])
  useEffect(() => chart.current?.setData(data), [data])
  return <div class="chart" ref={place} role="img" aria-label={label} />
}
