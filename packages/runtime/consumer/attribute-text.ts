import { derivedId } from './derived-id.ts'

/** Maximum length in characters. It is far below the limit for attributes, because longer texts are built from the result. */
const LONGEST = 512
/** Number of characters that are kept at the start of a text that is too long, for readability. */
const KEPT = 64
/** Characters that are not allowed in CloudEvents attributes. */
const NOT_IN_ATTRIBUTES = /\p{Cc}|\p{Cs}|\p{Noncharacter_Code_Point}/gu

/**
 * Converts a text to a valid attribute value, such as a subject. Invalid characters are escaped, and a text that is too long is
 * shortened and ends with an id derived from it. Equal texts give equal values, and different texts give different values.
 */
export function attributeText(text: string): string {
  const escaped = text.replace(NOT_IN_ATTRIBUTES, escapeCharacter)
  if (escaped.length <= LONGEST) return escaped
  return `${[...escaped.slice(0, 2 * KEPT)].slice(0, KEPT).join('')}…${derivedId(escaped)}`
}

/** Escapes a character, such as `\u{1b}`. */
export function escapeCharacter(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
}
