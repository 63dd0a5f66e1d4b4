/** Makes untrusted text safe to print to a terminal, or to give to a shell or a regular expression. Pure. */
const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/**
 * Escapes the control characters of a text, for example as `\n` or `\u001b`. Payloads may come from any producer, and must not move
 * the cursor, change colours or reverse the reading direction of a terminal.
 */
export function escapeText(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    character => NAMED[character] ?? (isJoiner(character) ? character : escapeCharacter(character)),
  )
}

/** Returns a text as a part of a regular expression that matches it. */
export function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

/** Returns an error and its stack as one line. */
export function errorLine(error: unknown): string {
  return `${escapeText((error as Error | undefined)?.stack ?? String(error))}\n`
}

/** Escapes a text of several lines. Line breaks and tabs are not escaped. */
export function escapeTextLines(text: string): string {
  return text
    .split(/\r?\n/)
    .map(line => line.split('\t').map(escapeText).join('\t'))
    .join('\n')
}

/** Returns whether the character is a zero-width joiner, which joins the parts of an emoji. */
function isJoiner(character: string): boolean {
  return character === '\u200d'
}

function escapeCharacter(character: string): string {
  return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`
}

/** Quotes a text as one word of a shell. */
export function quoteWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
