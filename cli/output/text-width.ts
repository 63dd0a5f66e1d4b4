/** Functions for text on terminals. Wide characters occupy two columns, and control characters must not be printed. Pure. */
import { createRequire } from 'node:module'

export { escapeText, escapeTextLines } from '../../lib/support/escape-text.ts'

const require = createRequire(import.meta.url)
const MORE = '…'

/** Returns the number of terminal columns of a line. The tables of Unicode, which take long to load, are read only for text with other characters than ASCII. */
export function measureWidth(text: string): number {
  if (/^[ -~…]*$/.test(text)) return text.length
  const { default: stringWidth } = require('string-width') as typeof import('string-width')
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
  return [...new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(text)].map(
    ({ segment }) => segment,
  )
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
