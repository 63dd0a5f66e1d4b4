/** Computes the layout of the flow diagram, in pixels. Pure. */
import type { Overview, ShownConsumer, ShownTopic } from '../../api/overview/shapes.ts'

type Flow = Pick<Overview, 'topics' | 'consumers' | 'producers'>
type Signal = ShownTopic['signal']

/** A topic with its consumers, or the group of all producers. */
export interface Box {
  readonly key: string
  readonly title: string
  /** Signal of the topic; undefined for producers and for topics of other applications. */
  readonly signal?: Signal
  /** Topic name; undefined for the producers. */
  readonly topic?: string
  readonly consumers: readonly ShownConsumer[]
  /** Names of the producers; empty for a topic. */
  readonly names: readonly string[]
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export interface Edge {
  readonly key: string
  /** Names of the figures at both ends of the line. The rate of the line is at most the smallest of these figures. */
  readonly rates: readonly string[]
  readonly isFailure: boolean
  /** SVG path of the line. */
  readonly path: string
}

export interface Layout {
  readonly width: number
  readonly height: number
  /** True if the boxes are stacked without lines. */
  readonly isNarrow: boolean
  readonly boxes: readonly Box[]
  readonly edges: readonly Edge[]
}

export const HEADER = 40
export const ROW = 40
const NAME_ROW = 22
const GAP = 16
/** Minimum width of a diagram with columns. In a narrower diagram, the boxes are stacked. */
const NARROW = 860
const WIDEST_BOX = 215

const RETRY = 'retry'
const SOURCES = 'sources'
/** Topics for failures. They are placed last, below or after all other topics. */
const FAILURES: ReadonlySet<string> = new Set(['failures', 'dlq', RETRY])

interface Spot {
  readonly column: number
  /** Index of the row, counted from the top. */
  readonly lane: number
}

type Placed = Spot & Omit<Box, 'x' | 'y' | 'width'>

/** Computes the layout. @param width available width in pixels */
export function flowLayout(flow: Flow, width: number): Layout {
  const placed = boxesOf(flow)
  const isNarrow = width < NARROW
  const boxes = isNarrow ? stacked(placed, width) : besideEachOther(placed, width)
  const height = Math.max(0, ...boxes.map(box => box.y + box.height))
  return {
    width,
    height,
    isNarrow,
    boxes,
    edges: isNarrow ? [] : edgesOf(boxes, flow, columnsOf(placed, width).gap),
  }
}

/** Returns the vertical position of a consumer's row in its box. */
export function rowTop(index: number): number {
  return HEADER + index * ROW
}

function boxesOf({ topics, consumers, producers }: Flow): Placed[] {
  const feeding = producers.filter(({ emits }) => emits.includes('readings')).map(({ name }) => name)
  const names = [...feeding, 'other producers']
  const sources = { key: SOURCES, title: 'producers', consumers: [], names, column: 0, lane: 0 }
  const foreign = [...new Set(consumers.flatMap(({ signal, topic }) => (signal ? [] : [topic])))]
  const known = topics.filter(({ signal }) => keyOf(signal) !== RETRY)
  const spots = spotsOf([...known.map(({ signal }) => signal), RETRY], consumers)
  const boxOf = (key: string, topic: string, spot: Spot) => {
    const readers = consumers.filter(one => one.topic === topic)
    return {
      key,
      topic,
      title: key,
      consumers: readers,
      names: [],
      ...spot,
      height: HEADER + readers.length * ROW,
    }
  }
  return [
    { ...sources, height: HEADER + names.length * NAME_ROW + 6 },
    ...foreign.map((topic, index) => boxOf(topic, topic, { column: 0, lane: index + 1 })),
    ...known.map(({ signal, topic }) => ({ signal, ...boxOf(signal, topic, spots(signal)) })),
    { key: RETRY, title: RETRY, consumers: [], names: [], ...spots(RETRY), height: HEADER },
  ]
}

/** Returns the key of the box that shows a signal. All retry topics share one box. */
function keyOf(signal: Signal): string {
  return signal.startsWith('retry-') ? RETRY : signal
}

/**
 * Returns the column and row of each topic. The column is the length of the longest path to the topic. The top row contains the
 * main path. If a line crosses a column, the top row of that column may contain only a topic without consumers, because its box is
 * short.
 */
function spotsOf(keys: readonly string[], consumers: readonly ShownConsumer[]): (key: string) => Spot {
  const links = consumers.flatMap(consumer => {
    const { signal } = consumer
    if (!signal) return []
    return targetsOf({ key: keyOf(signal) }, consumer).map(to => ({ from: keyOf(signal), to }))
  })
  const columnOf = (key: string, after: readonly string[] = []): number => {
    const before = links.filter(({ from, to }) => to === key && !after.includes(from))
    return 1 + Math.max(0, ...before.map(({ from }) => columnOf(from, [...after, key])))
  }
  const isInTheWay = (key: string) => {
    const column = columnOf(key)
    const isPassed = links.some(({ from, to }) => columnOf(from) < column && columnOf(to) > column)
    return isPassed && consumers.some(({ signal }) => signal && keyOf(signal) === key)
  }
  const spots = new Map<string, Spot>()
  const isTaken = ({ column, lane }: Spot) =>
    [...spots.values()].some(spot => spot.column === column && spot.lane === lane)
  for (const key of keys.toSorted((a, b) => Number(FAILURES.has(a)) - Number(FAILURES.has(b)))) {
    let spot = { column: columnOf(key), lane: FAILURES.has(key) || isInTheWay(key) ? 1 : 0 }
    while (isTaken(spot)) spot = { ...spot, lane: spot.lane + 1 }
    spots.set(key, spot)
  }
  return key => spots.get(key) ?? { column: 1, lane: 0 }
}

function stacked(placed: readonly Placed[], width: number): Box[] {
  let y = 0
  return inOrder(placed).map(({ column: _, lane: _lane, ...box }) => {
    const at = y
    y += box.height + GAP / 2
    return { ...box, x: 0, y: at, width }
  })
}

/** Sorts boxes by column and row, with the failure topics last. */
function inOrder(placed: readonly Placed[]): Placed[] {
  const isFailure = ({ key }: Placed) => Number(FAILURES.has(key))
  return placed.toSorted((a, b) => isFailure(a) - isFailure(b) || a.column - b.column || a.lane - b.lane)
}

function besideEachOther(placed: readonly Placed[], width: number): Box[] {
  const { boxWidth, step } = columnsOf(placed, width)
  const tops = laneTops(placed)
  return placed.map(({ column, lane, ...box }) => {
    return { ...box, x: Math.round(column * step), y: tops[lane] ?? 0, width: boxWidth }
  })
}

function columnsOf(placed: readonly Spot[], width: number) {
  const last = Math.max(1, ...placed.map(({ column }) => column))
  const boxWidth = Math.min(WIDEST_BOX, Math.floor(width / (last + 1 + last * 0.27)))
  const step = (width - boxWidth) / last
  return { boxWidth, step, gap: Math.floor(step - boxWidth) }
}

/** Returns the vertical position of each row, below all boxes of the rows above. */
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

/**
 * Returns the keys of the boxes to which a consumer emits. Events from the failure router to topics other than the failure topics
 * are not shown.
 */
export function targetsOf({ key: from }: Pick<Box, 'key'>, { emits }: ShownConsumer): string[] {
  const keys = [...new Set(emits.map(keyOf))]
  return keys.filter(key => key !== from && (from !== 'failures' || FAILURES.has(key)))
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
  /** Distance between two columns. */
  readonly gap: number
  /**
   * Vertical position of a free space above the target, through which the line can pass. Negative in the top row, where the boxes
   * in between are short.
   */
  readonly aboveY: number
}

/** Draws a line from the right side of one box to the left side of another, around the boxes in between. */
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
