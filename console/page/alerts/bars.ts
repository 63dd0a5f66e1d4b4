/** Where the bars of a line of time stand. Pure. */

export interface Stretch {
  readonly fromMs: number
  /** Null: to the end. */
  readonly toMs: number | null
}

/** Milliseconds since the epoch. */
export interface Span {
  readonly fromMs: number
  readonly toMs: number
}

/** The size of the picture, in its own units. */
export const WIDTH = 240
export const HEIGHT = 16
/** An alert that ends at once can still be seen. */
const LEAST = 1.5

/** Where the bars stand; those that overlap are one. */
export function barsOf(
  firings: readonly Stretch[],
  { fromMs, toMs }: Span,
): readonly { readonly x: number; readonly width: number }[] {
  const scale = WIDTH / Math.max(1, toMs - fromMs)
  const bars: { x: number; width: number }[] = []
  for (const one of firings.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const x = Math.min(WIDTH - LEAST, Math.max(0, (one.fromMs - fromMs) * scale))
    const end = Math.min(WIDTH, Math.max(x + LEAST, ((one.toMs ?? toMs) - fromMs) * scale))
    const last = bars.at(-1)
    if (last && x <= last.x + last.width) last.width = Math.max(last.width, end - last.x)
    else bars.push({ x, width: end - x })
  }
  return bars
}
