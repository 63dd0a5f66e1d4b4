/** Selects the values of a facet to list. Pure. */

export interface FacetValue {
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
 * Returns the first values, and always the selected one, so that the selection can be removed.
 *
 * @param values most frequent first
 * @param chosen selected value; empty if none is selected
 * @param shown maximum number of values
 */
export function listedValues(values: readonly FacetValue[], chosen: string, shown: number): Listed {
  const known = values.find(({ name }) => name === chosen)
  const first = values.slice(0, shown)
  const more = values.length - first.length
  if (chosen === '' || (known && first.includes(known))) return { listed: first, more }
  if (known) return { listed: [...first, known], more: more - 1 }
  return { listed: [{ name: chosen, count: 0 }, ...first], more }
}
