/** When alerts fired, as bars on a line of time. */
import type { JSX } from 'preact'
import { barsOf, HEIGHT, type Span, type Stretch, WIDTH } from './bars.ts'

interface Props {
  readonly span: Span
  readonly firings: readonly Stretch[]
  /** For those who do not see it. */
  readonly label: string
}

export function Strip({ span, firings, label }: Props): JSX.Element {
  return (
    <svg
      class="alerts-strip"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      <rect class="alerts-strip-ground" x="0" y="0" width={WIDTH} height={HEIGHT} />
      {barsOf(firings, span).map(({ x, width }) => (
        <rect key={`${x} ${width}`} x={x} y="1" width={width} height={HEIGHT - 2} />
      ))}
    </svg>
  )
}
