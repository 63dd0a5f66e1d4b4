/** The recent past of one figure, as a line without axes. */
import type { JSX } from 'preact'

interface Props {
  /** The oldest first; null where nothing is known. */
  readonly values: readonly (number | null)[]
  /** For those who do not see it, as in "readings a second, last five minutes". */
  readonly label: string
  /** How its figures are written. */
  readonly text?: (value: number) => string
  /** The line reaches the top at this value or more: so small figures look small. */
  readonly top?: number
}

export function Sparkline({ values, label, text = String, top = 0 }: Props): JSX.Element {
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
