/** The lines between the boxes of the flow, as SVG paths. Pure. */

interface Point {
  readonly x: number
  readonly y: number
}

interface Room {
  /** Between two columns. */
  readonly gap: number
  /** Where no box stands above the target; negative in the uppermost lane, in which the boxes on the way are short. */
  readonly aboveY: number
}

/** From the right of a box to the left of another, and around what stands in between. */
export function flowLine(start: Point, end: Point, { gap, aboveY }: Room): string {
  const hasColumnsBetween = end.x - start.x > gap + 2
  const way = hasColumnsBetween && aboveY > 0 ? around(start, end, { gap, aboveY }) : curve(start, end)
  return `M${start.x} ${start.y}${way}`
}

function around(start: Point, end: Point, { gap, aboveY: y }: Room): string {
  const last = { x: end.x - gap, y }
  return `${curve(start, { x: start.x + gap, y })}L${last.x} ${y}${curve(last, end)}`
}

function curve(start: Point, end: Point): string {
  const bend = Math.max(18, (end.x - start.x) / 2)
  return `C${start.x + bend} ${start.y} ${end.x - bend} ${end.y} ${end.x} ${end.y}`
}
