/** Number of dead letters by value of a field. Selecting a value filters the list. */
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { numberText } from '../parts/words.ts'
import { type FacetValue, listedValues } from './facet-values.ts'

interface Props {
  readonly title: string
  readonly values: readonly FacetValue[]
  /** Selected value; empty if none is selected. */
  readonly chosen: string
  readonly choose: (name: string) => void
}

/** Maximum number of values shown. The server groups the names of foreign clients after the first 200. */
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
