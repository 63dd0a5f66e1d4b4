/** The recent past of one figure, as a line without axes. */
import type { JSX } from 'preact'

interface Props {
  /** The oldest first; null where nothing is known. */
  readonly values: readonly (number | null)[]
  /** For those who do not see it, as in "readings a second, last five minutes". */
  readonly label: string
}

const WIDTH = 120
const HEIGHT = 28

export function Sparkline({ values, label }: Props): JSX.Element {
  const known = values.filter(value => value !== null)
  const most = Math.max(...known, 1e-9)
  const last = known.at(-1)
  return (
    <svg
      class="sparkline"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`${label}: now ${last ?? 'unknown'}, at most ${known.length > 0 ? most : 'unknown'}`}
    >
      <path d={pathOf(values, most)} />
    </svg>
  )
}

/** Pure. A gap where nothing is known. */
export function pathOf(values: readonly (number | null)[], most: number): string {
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
