/** The part of a span that charts show. Pure. */

/** Milliseconds since the epoch. */
export interface ChartRange {
  readonly fromMs: number
  readonly toMs: number
}

/** The part of the span between two times, RFC 3339; undefined if they name no time within it. */
export function rangeWithin(span: ChartRange, from: string, to: string): ChartRange | undefined {
  const fromMs = Math.max(Date.parse(from), span.fromMs)
  const toMs = Math.min(Date.parse(to), span.toMs)
  return fromMs < toMs ? { fromMs, toMs } : undefined
}
