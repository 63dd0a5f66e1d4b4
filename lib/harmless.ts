/** Text of others, made harmless for terminals. Pure. */
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
