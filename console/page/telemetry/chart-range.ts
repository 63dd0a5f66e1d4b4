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

interface Label {
  /** Pixels from the top: the line that it names. */
  readonly y: number
  readonly width: number
}

interface Area {
  readonly top: number
  readonly bottom: number
  readonly left: number
  readonly right: number
  /** Height of a label. */
  readonly height: number
}

/** The left upper corner of a label. */
interface Corner {
  readonly x: number
  readonly y: number
}

/** Returns positions above or below the lines, or beside another label if both are taken; undefined without room. */
export function labelPlaces(labels: readonly Label[], area: Area): (Corner | undefined)[] {
  const { top, bottom, left, right, height } = area
  const taken: { readonly y: number; readonly toX: number }[] = []
  return labels.map(({ y: line, width }) => {
    const places = [line - height, line]
      .filter(y => y >= top && y + height <= bottom)
      .map(y => {
        const beside = taken.filter(one => Math.abs(one.y - y) < height)
        return { x: Math.max(left, ...beside.map(({ toX }) => toX + height)), y }
      })
      .filter(({ x }) => x + width <= right)
    const place = places.find(({ x }) => x === left) ?? places[0]
    if (place) taken.push({ y: place.y, toX: place.x + width })
    return place
  })
}
