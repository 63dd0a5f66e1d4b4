/** Components for names and values. */
import type { ComponentChildren, JSX } from 'preact'
import type { Tone } from '../../../control/questions/column.ts'

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

export interface TileProps {
  readonly title: string
  /** Value with its unit. */
  readonly value: string
  /** Line below the value. */
  readonly note?: ComponentChildren
  readonly tone?: Tone
}

/** Tile with one figure, for use in a `<dl class="tiles">`. */
export function Tile({ title, value, note, tone = 'plain' }: TileProps): JSX.Element {
  return (
    <div class="tile">
      <dt>{title}</dt>
      <dd class={`figure ${tone}`}>{value}</dd>
      {note && <dd class="note">{note}</dd>}
    </div>
  )
}
