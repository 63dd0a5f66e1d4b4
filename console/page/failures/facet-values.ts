/** Which values of a facet are listed. Pure. */

export interface FacetValue {
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
export function listedValues(values: readonly FacetValue[], chosen: string, shown: number): Listed {
  const known = values.find(({ name }) => name === chosen)
  const first = values.slice(0, shown)
  const more = values.length - first.length
  if (chosen === '' || (known && first.includes(known))) return { listed: first, more }
  if (known) return { listed: [...first, known], more: more - 1 }
  return { listed: [{ name: chosen, count: 0 }, ...first], more }
}
