/** How many dead letters have each value of something: choosing one narrows the list to it. */
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { numberText } from '../parts/words.ts'

interface Props {
  readonly title: string
  readonly values: readonly FacetValue[]
  /** Chosen value; empty without a choice. */
  readonly chosen: string
  readonly choose: (name: string) => void
}

/** The rest is rare; the server counts names of any client together from 200 on. */
const SHOWN = 12

export function Facet({ title, values, chosen, choose }: Props): JSX.Element {
  const [isWhole, setWhole] = useState(false)
  const most = Math.max(1, ...values.map(({ count }) => count))
  const { listed, more } = listedValues(values, chosen, isWhole ? values.length : SHOWN)
  return (
    <section class="failures-facet" aria-label={title}>
      <h2>{title}</h2>
      {listed.length === 0 && <p>None.</p>}
      <ul>
        {listed.map(({ name, count, means }) => (
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
      {(isWhole ? values.length > SHOWN : more > 0) && (
        <button
          type="button"
          class="failures-more"
          aria-expanded={isWhole}
          onClick={() => setWhole(!isWhole)}
        >
          {isWhole ? 'Show fewer' : `Show ${numberText(more)} more`}
        </button>
      )}
    </section>
  )
}

/** Which values of a facet are listed. Pure. */

interface FacetValue {
  readonly name: string
  readonly count: number
  readonly means?: string | null
}

interface Listed {
  readonly listed: readonly FacetValue[]
  /** How many values are not listed. */
  readonly more: number
}

/**
 * The first values, and the chosen one wherever it is, so that it can be undone.
 *
 * @param values the most frequent first
 * @param chosen empty without a choice
 * @param shown how many of the values are listed
 */
function listedValues(values: readonly FacetValue[], chosen: string, shown: number): Listed {
  const known = values.find(({ name }) => name === chosen)
  const first = values.slice(0, shown)
  const more = values.length - first.length
  if (chosen === '' || (known && first.includes(known))) return { listed: first, more }
  if (known) return { listed: [...first, known], more: more - 1 }
  return { listed: [{ name: chosen, count: 0 }, ...first], more }
}
