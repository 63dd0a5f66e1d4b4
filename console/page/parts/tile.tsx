/** One figure, large, with its recent past. */

import type { ComponentChildren, JSX } from 'preact'
import type { Tone } from './marks.tsx'

interface Props {
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
export function Tile({ title, value, note, tone = 'plain', children }: Props): JSX.Element {
  return (
    <div class="tile">
      <dt>{title}</dt>
      <dd class={`figure ${tone}`}>{value}</dd>
      {children && <dd class="past">{children}</dd>}
      {note && <dd class="note">{note}</dd>}
    </div>
  )
}
