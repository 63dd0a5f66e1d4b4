/** Flow diagram from the producers of readings to the notifications, with the rate of each topic. */
import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Overview, ShownConsumer } from '../../api/overview/shapes.ts'
import { addressOf } from '../data/address.ts'
import { compactText, durationText, rateText } from '../parts/words.ts'
import { stateOf } from './figures.ts'
import { type Box, type Edge, flowLayout, HEADER, ROW, rowTop, targetsOf } from './flow-layout.ts'

export function Flow({ overview }: { readonly overview: Overview }): JSX.Element {
  const place = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(0)
  useEffect(() => {
    const element = place.current
    if (!element) return
    const look = () => setWidth(element.clientWidth)
    const watching = new ResizeObserver(look)
    watching.observe(element)
    look()
    return () => watching.disconnect()
  }, [])
  const layout = flowLayout(overview, width)
  return (
    <div class="overview-flow" ref={place} style={{ height: `${layout.height}px` }}>
      {width > 0 && (
        <>
          <svg width={width} height={layout.height} aria-hidden="true">
            {layout.edges.map(edge => (
              <path key={edge.key} d={edge.path} {...lookOf(edge, overview)} />
            ))}
          </svg>
          {layout.boxes.map(box => (
            <FlowBox key={box.key} box={box} overview={overview} isNarrow={layout.isNarrow} />
          ))}
        </>
      )}
    </div>
  )
}

/** Returns the style of a line: the higher the rate, the thicker the line. */
function lookOf(
  { rates, isFailure }: Edge,
  { values }: Overview,
): { class: string | undefined; 'stroke-width': string } {
  const perSecond = Math.min(...rates.map(name => values[name] ?? 0))
  const strength = perSecond > 0 ? 1.5 + Math.min(3, Math.log10(1 + perSecond)) : 1
  return { class: isFailure ? 'overview-failing' : undefined, 'stroke-width': strength.toFixed(1) }
}

interface BoxProps {
  readonly box: Box
  readonly overview: Overview
  readonly isNarrow: boolean
}

function FlowBox({ box, overview, isNarrow }: BoxProps): JSX.Element {
  const { x, y, width, height } = box
  const place = { left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${height}px` }
  return (
    <section class="overview-box" style={place} aria-label={box.title}>
      <header style={{ height: `${HEADER}px` }}>
        {box.topic === undefined ? (
          <span class="overview-name overview-title">{box.title}</span>
        ) : (
          <a
            class="overview-name overview-title"
            href={addressOf('/kafka', { topic: box.topic })}
            title={box.topic}
          >
            {box.title}
          </a>
        )}
        <span class="overview-rate">{factOf(box, overview)}</span>
      </header>
      {box.names.map(name => (
        <p key={name} class="overview-producer">
          {name}
        </p>
      ))}
      {box.consumers.map((consumer, index) => (
        <ConsumerRow
          key={consumer.function}
          consumer={consumer}
          overview={overview}
          top={rowTop(index)}
          isNarrow={isNarrow}
          targets={targetsOf(box, consumer)}
        />
      ))}
    </section>
  )
}

/** Returns the figure to show in the header of a box. */
function factOf({ key, signal }: Box, { values, openDeadLetters }: Overview): string {
  if (signal === 'dlq') return openDeadLetters === null ? '–' : `${compactText(openDeadLetters)} open`
  if (signal) return rateText(values[`topic/${signal}`] ?? null)
  if (key !== 'retry') return ''
  const rates = ['retry-1m', 'retry-10m', 'retry-1h'].map(name => values[`topic/${name}`] ?? null)
  return rateText(rates.includes(null) ? null : rates.reduce<number>((sum, rate) => sum + (rate ?? 0), 0))
}

interface RowProps {
  readonly consumer: ShownConsumer
  readonly overview: Overview
  readonly top: number
  readonly isNarrow: boolean
  /** Boxes to which the consumer emits. They are listed as text if the layout has no lines. */
  readonly targets: readonly string[]
}

function ConsumerRow({ consumer, overview, top, isNarrow, targets }: RowProps): JSX.Element {
  const { function: name, topic, group } = consumer
  const value = (figure: string) => overview.values[`${figure}/${name}/${topic}`] ?? null
  const [lag, wait] = [value('lag'), value('wait')]
  const state = stateOf(consumer, overview)
  return (
    <div class="overview-consumer" style={{ top: `${top}px`, height: `${ROW}px` }}>
      <a class="overview-name" href={addressOf('/kafka/groups', { group })} title={state.text}>
        <span class={`dot ${state.tone}`} aria-hidden="true" />
        {name}
        {state.tone === 'bad' && <span class="unseen">: {state.text}</span>}
      </a>
      {isNarrow && targets.length > 0 && <span class="overview-to">to {targets.join(', ')}</span>}
      <span class="overview-rate">{rateText(value('rate'))}</span>
      <span class={`overview-lag ${state.tone}`}>
        {lag === null ? '' : lag === 0 ? 'no lag' : `lag ${compactText(lag)}`}
        {isNarrow && wait !== null && wait >= 1 ? `, ${durationText(wait * 1_000)}` : ''}
      </span>
    </div>
  )
}
