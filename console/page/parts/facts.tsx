/** Names with what belongs to them. */
import type { ComponentChildren, JSX } from 'preact'

type Fact = readonly [name: string, value: ComponentChildren]

interface Props {
  /** What is not there is left out. */
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
