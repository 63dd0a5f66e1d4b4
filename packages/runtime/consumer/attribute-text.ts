import { derivedId } from './derived-id.ts'

/** Far below the limit for attributes, in characters: what is built of such a text must fit as well. */
const LONGEST = 512
/** How much of a text that is too long is kept, for people. */
const KEPT = 64
/** Characters that attributes of CloudEvents may not have. */
const NOT_IN_ATTRIBUTES = /\p{Cc}|\p{Cs}|\p{Noncharacter_Code_Point}/gu

/**
 * The text as an attribute of an event, such as its subject. Characters that attributes may not have are escaped, and a text that is
 * too long ends with an id that is derived from it: the same text gives the same attribute, and others give others.
 */
export function attributeText(text: string): string {
  const escaped = text.replace(NOT_IN_ATTRIBUTES, escapeOf)
  if (escaped.length <= LONGEST) return escaped
  return `${[...escaped.slice(0, 2 * KEPT)].slice(0, KEPT).join('')}…${derivedId(escaped)}`
}

function escapeOf(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
}
