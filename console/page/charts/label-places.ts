/** Places of the labels in a chart. Pure. */

interface Label {
  /** Vertical position of the labeled line, in pixels from the top. */
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

/** Top left corner of a label. */
interface Corner {
  readonly x: number
  readonly y: number
}

/**
 * Returns the position of each label, above or below its line. If both positions are occupied, the label is placed next to another
 * one. Undefined for a label that does not fit.
 */
export function placeLabels(labels: readonly Label[], area: Area): (Corner | undefined)[] {
  const { top, bottom, left, right, height } = area
  const placedLabels: { readonly y: number; readonly toX: number }[] = []
  return labels.map(({ y: line, width }) => {
    const places = [line - height, line]
      .filter(y => y >= top && y + height <= bottom)
      .map(y => {
        const beside = placedLabels.filter(label => Math.abs(label.y - y) < height)
        return { x: Math.max(left, ...beside.map(({ toX }) => toX + height)), y }
      })
      .filter(({ x }) => x + width <= right)
    const place = places.find(({ x }) => x === left) ?? places[0]
    if (place) placedLabels.push({ y: place.y, toX: place.x + width })
    return place
  })
}
