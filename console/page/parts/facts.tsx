/** Names with what belongs to them. */
import type { ComponentChildren, JSX } from 'preact'
import type { Tone } from './marks.tsx'

type Fact = readonly [name: string, value: ComponentChildren]

interface Props {
  /** Missing facts are left out. */
  readonly of: readonly (Fact | false | null | undefined | '')[]
  /** Side by side, each value below its name; else one below the other. */
  readonly areBeside?: boolean
}

export function Facts({ of, areBeside = false }: Props): JSX.Element {
  return (
    <dl class={areBeside ? 'facts beside' : 'facts'}>
      {of.map(
        (fact, index) =>
          fact && (
            <div key={`${index} ${fact[0]}`}>
              <dt>{fact[0]}</dt>
              <dd>{fact[1]}</dd>
            </div>
          ),
      )}
    </dl>
  )
}

/** A long text, which scrolls. */
export function Text({ children }: { readonly children: ComponentChildren }): JSX.Element {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it with the arrow keys
    <pre class="text" tabIndex={0}>
      {children}
    </pre>
  )
}

interface TileProps {
  readonly title: string
  /** The figure, with its unit. */
  readonly value: string
  /** A line below it. */
  readonly note?: ComponentChildren
  readonly tone?: Tone
  /** A sparkline. */
  readonly children?: ComponentChildren
}

/** Belongs into a `<dl class="tiles">`. */
export function Tile({ title, value, note, tone = 'plain', children }: TileProps): JSX.Element {
  return (
    <div class="tile">
      <dt>{title}</dt>
      <dd class={`figure ${tone}`}>{value}</dd>
      {children && <dd class="past">{children}</dd>}
      {note && <dd class="note">{note}</dd>}
    </div>
  )
}

interface SparklineProps {
  /** The oldest first; null where nothing is known. */
  readonly values: readonly (number | null)[]
  /** Text for screen readers, as in "readings a second, last five minutes". */
  readonly label: string
  /** How its figures are written. */
  readonly text?: (value: number) => string
  /** The line reaches the top at this value or more: so small figures look small. */
  readonly top?: number
}

export function Sparkline({ values, label, text = String, top = 0 }: SparklineProps): JSX.Element {
  const known = values.filter(value => value !== null)
  const last = known.at(-1)
  const said = last === undefined ? 'unknown' : `now ${text(last)}, at most ${text(Math.max(...known))}`
  return (
    <svg
      class="sparkline"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`${label}: ${said}`}
    >
      <path d={sparklinePath(values, Math.max(...known, top, 1e-9))} />
    </svg>
  )
}

const WIDTH = 120
const HEIGHT = 28

/**
 * An SVG path with a gap wherever nothing is known.
 *
 * @param values the oldest first
 * @param most the value at the top
 */
function sparklinePath(values: readonly (number | null)[], most: number): string {
  const step = WIDTH / Math.max(1, values.length - 1)
  let isDrawing = false
  return values
    .map((value, index) => {
      if (value === null) {
        isDrawing = false
        return ''
      }
      const command = isDrawing ? 'L' : 'M'
      isDrawing = true
      const y = HEIGHT - 1 - (value / most) * (HEIGHT - 2)
      return `${command}${(index * step).toFixed(1)} ${y.toFixed(1)}`
    })
    .join('')
}
