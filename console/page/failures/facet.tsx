/** How many dead letters have each value of something: choosing one narrows the list to it. */
import type { JSX } from 'preact'
import { numberText } from '../parts/words.ts'

interface Props {
  readonly title: string
  readonly values: readonly {
    readonly name: string
    readonly count: number
    readonly means?: string | null
  }[]
  /** Empty if none is chosen. */
  readonly chosen: string
  readonly choose: (name: string) => void
}

/** The rest is rare; the server counts names of any client together from 200 on. */
const SHOWN = 12

export function Facet({ title, values, chosen, choose }: Props): JSX.Element {
  const most = Math.max(1, ...values.map(({ count }) => count))
  // What is chosen stays, so that it can be undone.
  const listed =
    values.some(({ name }) => name === chosen) || !chosen ? values : [{ name: chosen, count: 0 }, ...values]
  return (
    <section class="failures-facet" aria-label={title}>
      <h2>{title}</h2>
      {listed.length === 0 && <p>None.</p>}
      <ul>
        {listed.slice(0, SHOWN).map(({ name, count, means }) => (
          <li key={name}>
            <button
              type="button"
              aria-pressed={name === chosen}
              title={means ?? undefined}
              onClick={() => choose(name === chosen ? '' : name)}
            >
              <span class="failures-share" style={{ width: `${(count / most) * 100}%` }} />
              <span class="failures-name">{name}</span>
              <span class="failures-count">{numberText(count)}</span>
            </button>
          </li>
        ))}
      </ul>
      {listed.length > SHOWN && <p>and {listed.length - SHOWN} more</p>}
    </section>
  )
}
