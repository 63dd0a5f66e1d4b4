/** Where everything stands in the picture of the flow, in pixels. Pure. */

import type { Overview, ShownConsumer, ShownTopic } from '../../api/overview/shapes.ts'

type Flow = Pick<Overview, 'topics' | 'consumers' | 'producers'>
type Signal = ShownTopic['signal']

/** A topic with who reads it; or what writes without reading. */
export interface Box {
  readonly key: string
  readonly title: string
  /** Undefined for what is no topic of Sluice. */
  readonly signal?: Signal
  /** Undefined for the producers. */
  readonly topic?: string
  readonly consumers: readonly ShownConsumer[]
  /** Names alone, where the box is about producers. */
  readonly names: readonly string[]
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export interface Edge {
  readonly key: string
  /** Figures of both ends: no more flows here than the least of them. */
  readonly rates: readonly string[]
  readonly isFailure: boolean
  /** An SVG path. */
  readonly path: string
}

export interface Layout {
  readonly width: number
  readonly height: number
  /** Whether the boxes stand below each other, and no lines are drawn. */
  readonly isNarrow: boolean
  readonly boxes: readonly Box[]
  readonly edges: readonly Edge[]
}

export const HEADER = 40
export const ROW = 40
const NAME_ROW = 22
const GAP = 16
const COLUMNS = 6
/** Below this width, boxes beside each other would be too narrow to be read. */
const NARROW = 860
const WIDEST_BOX = 215

/** The column of each topic, and its place from the top of the column. The main path is the uppermost. */
const PLACES: Readonly<Record<Exclude<Signal, 'retry-1m' | 'retry-10m' | 'retry-1h'>, [number, number]>> = {
  readings: [1, 0],
  analytics: [2, 0],
  events: [2, 1],
  patterns: [3, 1],
  alerts: [4, 0],
  notifications: [5, 0],
  failures: [1, 1],
  dlq: [2, 2],
}
const RETRY = 'retry'
const RETRY_PLACE: [number, number] = [2, 3]
const SOURCES = 'sources'

interface Placed extends Omit<Box, 'x' | 'y' | 'width' | 'height'> {
  readonly column: number
  readonly lane: number
  readonly height: number
}

/** @param width of the place, in pixels */
export function flowLayout(flow: Flow, width: number): Layout {
  const placed = boxesOf(flow)
  const isNarrow = width < NARROW
  const boxes = isNarrow ? stacked(placed, width) : besideEachOther(placed, width)
  const height = Math.max(0, ...boxes.map(box => box.y + box.height))
  return { width, height, isNarrow, boxes, edges: isNarrow ? [] : edgesOf(boxes, flow, columnsOf(width).gap) }
}

/** Where a consumer's row stands in its box. */
export function rowTop(index: number): number {
  return HEADER + index * ROW
}

function boxesOf({ topics, consumers, producers }: Flow): Placed[] {
  const feeding = producers.filter(({ emits }) => emits.includes('readings')).map(({ name }) => name)
  const names = [...feeding, 'other producers']
  const sources = {
    key: SOURCES,
    title: 'producers',
    consumers: [],
    names,
    column: 0,
    lane: 0,
    height: HEADER + names.length * NAME_ROW + 6,
  }
  const foreign = [...new Set(consumers.flatMap(({ signal, topic }) => (signal ? [] : [topic])))]
  const known = topics.filter(({ signal }) => signal in PLACES)
  return [
    sources,
    ...foreign.map((topic, index) => boxOf({ topic }, topic, [0, index + 1], consumers)),
    ...known.map(({ signal, topic }) =>
      boxOf({ signal, topic }, signal, PLACES[signal as keyof typeof PLACES], consumers),
    ),
    {
      key: RETRY,
      title: RETRY,
      consumers: [],
      names: [],
      column: RETRY_PLACE[0],
      lane: RETRY_PLACE[1],
      height: HEADER,
    },
  ]
}

function boxOf(
  of: { readonly signal?: Signal; readonly topic: string },
  title: string,
  [column, lane]: readonly [number, number],
  consumers: readonly ShownConsumer[],
): Placed {
  const readers = consumers.filter(({ topic }) => topic === of.topic)
  const height = HEADER + readers.length * ROW
  return { ...of, key: of.signal ?? of.topic, title, consumers: readers, names: [], column, lane, height }
}

function stacked(placed: readonly Placed[], width: number): Box[] {
  let y = 0
  return inOrder(placed).map(({ column: _, lane: _lane, ...box }) => {
    const at = y
    y += box.height + GAP / 2
    return { ...box, x: 0, y: at, width }
  })
}

/** Read from the top, it follows the flow; failures come last. */
function inOrder(placed: readonly Placed[]): Placed[] {
  const isFailure = ({ key }: Placed) => Number(FAILURES.has(key))
  return placed.toSorted((a, b) => isFailure(a) - isFailure(b) || a.column - b.column || a.lane - b.lane)
}

const FAILURES: ReadonlySet<string> = new Set(['failures', 'dlq', RETRY])

function besideEachOther(placed: readonly Placed[], width: number): Box[] {
  const { boxWidth, step } = columnsOf(width)
  const tops = laneTops(placed)
  return placed.map(({ column, lane, ...box }) => {
    return { ...box, x: Math.round(column * step), y: tops[lane] ?? 0, width: boxWidth }
  })
}

function columnsOf(width: number) {
  const boxWidth = Math.min(WIDEST_BOX, Math.floor(width / (COLUMNS + (COLUMNS - 1) * 0.27)))
  const step = (width - boxWidth) / (COLUMNS - 1)
  return { boxWidth, step, gap: Math.floor(step - boxWidth) }
}

/** Where each lane begins: below whatever stands in the lanes above it. */
function laneTops(placed: readonly Placed[]): number[] {
  const lanes = Math.max(...placed.map(({ lane }) => lane)) + 1
  const tops = [0]
  for (let lane = 1; lane < lanes; lane += 1) {
    const above = placed.filter(box => box.lane === lane - 1).map(({ height }) => height)
    tops.push((tops[lane - 1] ?? 0) + Math.max(0, ...above) + GAP)
  }
  return tops
}

function edgesOf(boxes: readonly Box[], { producers }: Flow, gap: number): Edge[] {
  const at = new Map(boxes.map(box => [box.key, box]))
  const readings = at.get('readings')
  const sources = at.get(SOURCES)
  const fed = sources && readings ? [edge(sources, HEADER / 2, readings, gap)] : []
  const failures = at.get('failures')
  const failed = readings && failures ? [downwards(readings, failures)] : []
  const flows = boxes.flatMap(box =>
    box.consumers.flatMap((consumer, index) =>
      targetsOf(box, consumer).flatMap(key => {
        const to = at.get(key)
        return to ? [edge(box, rowTop(index) + ROW / 2, to, gap, consumer)] : []
      }),
    ),
  )
  return producers.length > 0 ? [...fed, ...failed, ...flows] : [...failed, ...flows]
}

/** The boxes to which a consumer's emissions go. What the router of failures tells other topics is not part of the flow. */
export function targetsOf(box: Box, { emits }: ShownConsumer): string[] {
  const keys = new Set<string>(emits.map(signal => (signal.startsWith('retry-') ? RETRY : signal)))
  keys.delete(box.key)
  return [...keys].filter(key => box.signal !== 'failures' || FAILURES.has(key))
}

function edge(from: Box, fromTop: number, to: Box, gap: number, by?: ShownConsumer): Edge {
  const start = { x: from.x + from.width, y: from.y + fromTop }
  const end = { x: to.x, y: to.y + HEADER / 2 }
  const counted = to.signal ? [`topic/${to.signal}`] : []
  return {
    key: `${from.key}/${by?.function ?? ''}/${to.key}`,
    rates: by ? [...counted, `rate/${by.function}/${by.topic}`] : counted,
    isFailure: FAILURES.has(to.key),
    path: flowLine(start, end, { gap, aboveY: to.y - GAP / 2 }),
  }
}

function downwards(from: Box, to: Box): Edge {
  const x = from.x + from.width / 2
  return {
    key: `${from.key}/${to.key}`,
    rates: ['failed'],
    isFailure: true,
    path: `M${x} ${from.y + from.height}L${x} ${to.y}`,
  }
}

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
function flowLine(start: Point, end: Point, { gap, aboveY }: Room): string {
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
