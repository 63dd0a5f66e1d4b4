/** Scores by kind of label. Pure. */
import type { Matched, Window } from './score.ts'

export interface KindScore {
  readonly kind: string
  /**
   * Number of anomalies. An anomaly may have several windows, such as one for each metric; it counts as found
   * if one of them is.
   */
  readonly anomalies: number
  readonly anomaliesFound: number
  readonly windows: number
  readonly found: number
}

/** Returns the scores sorted by kind. Labels without a kind are not included. */
export function kindsOf(windows: readonly Window[], { firstOf }: Matched): readonly KindScore[] {
  const named = windows.filter(({ kind }) => kind !== undefined)
  const isFound = (window: Window) => firstOf.has(window)
  return [...Map.groupBy(named, ({ kind }) => kind as string)]
    .map(([kind, own]) => {
      const anomalies = anomaliesIn(own)
      return {
        ...{ kind, anomalies: anomalies.length },
        anomaliesFound: anomalies.filter(anomaly => anomaly.some(isFound)).length,
        ...{ windows: own.length, found: own.filter(isFound).length },
      }
    })
    .sort((a, b) => (a.kind < b.kind ? -1 : 1))
}

/**
 * Returns the windows of one kind, grouped into anomalies: overlapping windows of the same entity belong
 * together.
 */
function anomaliesIn(windows: readonly Window[]): readonly (readonly Window[])[] {
  return [...Map.groupBy(windows, ({ entity }) => entity).values()].flatMap(own => {
    const anomalies: Window[][] = []
    let endMs = Number.NEGATIVE_INFINITY
    for (const window of own.toSorted((a, b) => a.fromMs - b.fromMs)) {
      if (window.fromMs > endMs) anomalies.push([])
      anomalies.at(-1)?.push(window)
      endMs = Math.max(endMs, window.toMs)
    }
    return anomalies
  })
}
