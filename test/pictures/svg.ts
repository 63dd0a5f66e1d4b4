/** Diagrams and terminals as SVG, in light and dark. Pure. */

const FONT = 'ui-sans-serif, system-ui, sans-serif'
const MONOSPACED = 'ui-monospace, Menlo, Consolas, monospace'

const STYLE = `
  .background { fill: #ffffff }
  .box { fill: #f2f5f8; stroke: #5b7083 }
  .store { fill: #e4f1e8; stroke: #3f7d57 }
  .topic { fill: #e7ecfb; stroke: #4a63b5 }
  .end { fill: #fbeaea; stroke: #b04848 }
  .arrow { stroke: #5b7083; fill: none }
  .head { fill: #5b7083 }
  text { fill: #1c2730 }
  .note { fill: #4b5a67 }
  @media (prefers-color-scheme: dark) {
    .background { fill: #11191f }
    .box { fill: #1c2730; stroke: #8ea3b5 }
    .store { fill: #16301f; stroke: #6fb389 }
    .topic { fill: #1b2547; stroke: #8ba1ea }
    .end { fill: #3a1b1b; stroke: #dd8383 }
    .arrow { stroke: #8ea3b5 }
    .head { fill: #8ea3b5 }
    text { fill: #e5edf4 }
    .note { fill: #a9b8c5 }
  }`

/** A box on a grid. */
interface Box {
  readonly column: number
  readonly row: number
  /** Lines of text. */
  readonly text: readonly string[]
  /** Topics and stores have colours of their own; `end` is where something ends. */
  readonly kind?: 'box' | 'topic' | 'store' | 'end'
}

interface Arrow {
  readonly from: string
  readonly to: string
  readonly label?: string
}

export interface Diagram {
  readonly title: string
  readonly boxes: Readonly<Record<string, Box>>
  readonly arrows: readonly Arrow[]
}

const BOX = { width: 150, height: 52 }
const STEP = { x: 250, y: 104 }
const MARGIN = 24

/** Draws the boxes on their grid, and a straight arrow for each pair. */
export function diagramSvg(diagram: Diagram): string {
  const { title, boxes, arrows } = diagram
  const all = Object.values(boxes)
  const width = Math.max(...all.map(({ column }) => column)) * STEP.x + BOX.width + 2 * MARGIN
  const height = Math.max(...all.map(({ row }) => row)) * STEP.y + BOX.height + 2 * MARGIN
  const drawnBoxes = all.map(box => boxSvg(box))
  const drawnArrows = arrows.map(arrow => arrowSvg(arrow, diagram))
  return picture({ title, width, height, font: FONT, content: [...drawnArrows, ...drawnBoxes] })
}

function boxSvg({ column, row, text, kind = 'box' }: Box): string {
  const { x, y } = cornerOf({ column, row })
  const firstY = y + BOX.height / 2 + 5 - (text.length - 1) * 8
  const lines = text.map(
    (line, at) =>
      `<text x="${x + BOX.width / 2}" y="${firstY + at * 16}" text-anchor="middle"${at > 0 ? ' class="note"' : ''}>${escaped(line)}</text>`,
  )
  return `<rect class="${kind}" x="${x}" y="${y}" width="${BOX.width}" height="${BOX.height}" rx="6"/>${lines.join('')}`
}

function arrowSvg({ from, to, label }: Arrow, { boxes, arrows }: Diagram): string {
  const [start, end] = [boxes[from], boxes[to]]
  if (!start || !end) throw new Error(`an arrow leads from ${from} to ${to}, and one of them is missing`)
  const [a, b] = [cornerOf(start), cornerOf(end)]
  const isFlat = start.column !== end.column
  const isForward = isFlat ? end.column > start.column : end.row > start.row
  // Two arrows between the same boxes run side by side.
  const isOneOfTwo = arrows.some(other => other.from === to && other.to === from)
  const shift = isOneOfTwo ? (isForward ? -12 : 12) : 0
  const tail = isFlat
    ? { x: a.x + (isForward ? BOX.width : 0), y: a.y + BOX.height / 2 + shift }
    : { x: a.x + BOX.width / 2, y: a.y + (isForward ? BOX.height : 0) }
  const head = isFlat
    ? { x: b.x + (isForward ? 0 : BOX.width), y: b.y + BOX.height / 2 + shift }
    : { x: b.x + BOX.width / 2, y: b.y + (isForward ? 0 : BOX.height) }
  const line = `<path class="arrow" marker-end="url(#head)" d="M${tail.x} ${tail.y}L${head.x} ${head.y}"/>`
  if (label === undefined) return line
  const middle = { x: (tail.x + head.x) / 2, y: (tail.y + head.y) / 2 }
  const isLeft = start.column > 0
  const below = isOneOfTwo && !isForward ? 16 : -7
  const at = isFlat
    ? `x="${middle.x}" y="${middle.y + below}" text-anchor="middle"`
    : `x="${middle.x + (isLeft ? -8 : 8)}" y="${middle.y + 4}" text-anchor="${isLeft ? 'end' : 'start'}"`
  return `${line}<text class="note" font-size="12" ${at}>${escaped(label)}</text>`
}

function cornerOf({ column, row }: Pick<Box, 'column' | 'row'>) {
  return { x: MARGIN + column * STEP.x, y: MARGIN + row * STEP.y }
}

const LINE = { height: 18, width: 7.9 }

/** Draws a terminal with a command and its output. */
export function terminalSvg(title: string, lines: readonly string[]): string {
  const width = Math.ceil(Math.max(...lines.map(line => line.length)) * LINE.width) + 2 * MARGIN
  const height = lines.length * LINE.height + 2 * MARGIN
  const content = lines.map(
    (line, at) =>
      `<text xml:space="preserve" x="${MARGIN}" y="${MARGIN + (at + 0.75) * LINE.height}">${escaped(line)}</text>`,
  )
  return picture({ title, width, height, font: MONOSPACED, content })
}

interface Picture {
  readonly title: string
  readonly width: number
  readonly height: number
  readonly font: string
  readonly content: readonly string[]
}

function picture({ title, width, height, font, content }: Picture): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="${font}" font-size="13" role="img">
<title>${escaped(title)}</title>
<style>${STYLE}
</style>
<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path class="head" d="M0 0L8 4L0 8z"/></marker></defs>
<rect class="background" width="${width}" height="${height}" rx="8"/>
${content.join('\n')}
</svg>
`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
