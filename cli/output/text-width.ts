/** Functions for text on terminals. Wide characters occupy two columns, and control characters must not be printed. Pure. */
import stringWidth from 'string-width'

export { escapeText, escapeTextLines } from '../../lib/support/escape-text.ts'

const GRAPHEMES = new Intl.Segmenter('en', { granularity: 'grapheme' })
const MORE = '…'

/** Returns the number of terminal columns of a line. */
export function measureWidth(text: string): number {
  return stringWidth(text)
}

/** Returns the text or, if it is too wide, its beginning followed by "…". */
export function shortenEnd(text: string, width = Number.POSITIVE_INFINITY): string {
  // A character occupies at most two columns.
  if (text.length * 2 <= width || measureWidth(text) <= width) return text
  return width > 0 ? takeFitting(splitGraphemes(text), width - measureWidth(MORE)).join('') + MORE : ''
}

/** Returns the text or, if it is too wide, "…" followed by its end. */
export function shortenStart(text: string, width: number): string {
  if (measureWidth(text) <= width) return text
  const end = takeFitting(splitGraphemes(text).reverse(), width - measureWidth(MORE)).reverse()
  return width > 0 ? MORE + end.join('') : ''
}

function splitGraphemes(text: string): string[] {
  return [...GRAPHEMES.segment(text)].map(({ segment }) => segment)
}

/** Returns the first segments, as many as fit into the width. */
function takeFitting(segments: readonly string[], width: number): string[] {
  let room = width
  const tooWide = segments.findIndex(segment => {
    room -= measureWidth(segment)
    return room < 0
  })
  return segments.slice(0, tooWide < 0 ? segments.length : tooWide)
}
