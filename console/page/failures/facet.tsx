/** Numbers of dead letters for the values of a field. Selecting a value filters the list. */
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { numberText } from '../parts/words.ts'

interface Props {
  readonly title: string
  readonly values: readonly FacetValue[]
  /** Selected value; empty if none is selected. */
  readonly chosen: string
  readonly choose: (name: string) => void
}

/** Maximum number of values shown. The server counts at most 200 values separately, because other clients can choose any names. */
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

/** Selects which values of a facet are listed. Pure. */

interface FacetValue {
  readonly name: string
  readonly count: number
  readonly means?: string | null
}

interface Listed {
  readonly listed: readonly FacetValue[]
  /** Number of values that are not listed. */
  readonly more: number
}

/**
 * Returns the first values, and the selected value even if it is not among them, so that the selection can be removed.
 *
 * @param values most frequent first
 * @param chosen selected value; empty if none is selected
 * @param shown maximum number of values
 */
function listedValues(values: readonly FacetValue[], chosen: string, shown: number): Listed {
  const known = values.find(({ name }) => name === chosen)
  const first = values.slice(0, shown)
  const more = values.length - first.length
  if (chosen === '' || (known && first.includes(known))) return { listed: first, more }
  if (known) return { listed: [...first, known], more: more - 1 }
  return { listed: [{ name: chosen, count: 0 }, ...first], more }
}
