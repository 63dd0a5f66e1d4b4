/** Text as a terminal shows it: wide characters take two columns, and control characters must not reach it. Pure. */
import stringWidth from 'string-width'

const GRAPHEMES = new Intl.Segmenter('en', { granularity: 'grapheme' })
const MORE = '…'

/** How many columns of a terminal a line takes. */
export function widthOf(text: string): number {
  return stringWidth(text)
}

/** The text, or its beginning and "…" where it takes more columns than there are. */
export function shortened(text: string, width = Number.POSITIVE_INFINITY): string {
  // A character takes at most two columns.
  if (text.length * 2 <= width || widthOf(text) <= width) return text
  return width > 0 ? fitting(graphemes(text), width - widthOf(MORE)).join('') + MORE : ''
}

/** The text, or "…" and its end where it takes more columns than there are. */
export function shortenedAtStart(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  const end = fitting(graphemes(text).reverse(), width - widthOf(MORE)).reverse()
  return width > 0 ? MORE + end.join('') : ''
}

function graphemes(text: string): string[] {
  return [...GRAPHEMES.segment(text)].map(({ segment }) => segment)
}

/** As many characters as fit. */
function fitting(segments: readonly string[], width: number): string[] {
  let room = width
  const tooWide = segments.findIndex(segment => {
    room -= widthOf(segment)
    return room < 0
  })
  return segments.slice(0, tooWide < 0 ? segments.length : tooWide)
}

const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/**
 * The text with its control characters written out, as `\n` or `\u001b`: payloads come from anywhere, and must not move the cursor,
 * change colours or turn the reading direction of a terminal.
 */
export function harmless(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    character => NAMED[character] ?? (isJoiner(character) ? character : escaped(character)),
  )
}

/** The same for text of several lines, whose line ends and tabs are meant. */
export function harmlessLines(text: string): string {
  return text
    .split(/\r?\n/)
    .map(line => line.split('\t').map(harmless).join('\t'))
    .join('\n')
}

/** Emoji of several parts are joined by it. */
function isJoiner(character: string): boolean {
  return character === '\u200d'
}

function escaped(character: string): string {
  return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`
}
