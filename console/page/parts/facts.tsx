/** Components for names and values. */
import type { ComponentChildren, JSX } from 'preact'
import type { Tone } from './marks.tsx'

type Fact = readonly [name: string, value: ComponentChildren]

interface Props {
  /** Facts to show. Falsy entries are skipped. */
  readonly of: readonly (Fact | false | null | undefined | '')[]
  /** True to arrange the facts in a row, each value below its name. */
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

/** Scrollable block for a long text. */
export function Text({ children }: { readonly children: ComponentChildren }): JSX.Element {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: keyboard users scroll it with the arrow keys
    <pre class="text" tabIndex={0}>
      {children}
    </pre>
  )
}

interface TileProps {
  readonly title: string
  /** Value with its unit. */
  readonly value: string
  /** Line below the value. */
  readonly note?: ComponentChildren
  readonly tone?: Tone
  /** Sparkline of the value. */
  readonly children?: ComponentChildren
}

/** Tile with one figure, for use in a `<dl class="tiles">`. */
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
  /** Values, oldest first; null for a gap. */
  readonly values: readonly (number | null)[]
  /** Label for screen readers, such as "readings a second, last five minutes". */
  readonly label: string
  /** Formats the values. */
  readonly text?: (value: number) => string
  /** Minimum for the upper end of the value axis, so that small values look small. */
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
 * Returns an SVG path with a gap for each missing value.
 *
 * @param values oldest first
 * @param most value at the upper end of the chart
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
