/** Facts about a JSON text that `JSON.parse` hides: duplicate members, and numbers that may be inexact. */

export interface Outline {
  /** Number of commas between the members of the outermost object. */
  readonly commas: number
  /** True if a number has 16 digits before its decimal point, or an exponent. Other numbers need no check, see `exact-json.ts`. */
  readonly hasLongNumbers: boolean
}

const QUOTE = 0x22
const COMMA = 0x2c
const POINT = 0x2e
const BACKSLASH = 0x5c
const LONG = 16

/** Scans the text once. The text need not be valid JSON. */
export function scanOutline(json: string): Outline {
  let commas = 0
  let depth = 0
  let hasLongNumbers = false
  for (let at = 0; at < json.length; at += 1) {
    const code = json.charCodeAt(at)
    if (code === QUOTE) at = endOfText(json, at)
    else if (code === COMMA) commas += depth === 1 ? 1 : 0
    // "{" and "[" differ in one bit, and so do "}" and "]".
    else if ((code | 0x20) === 0x7b) depth += 1
    else if ((code | 0x20) === 0x7d) depth -= 1
    else if (isDigit(code)) {
      const point = endOfDigits(json, at)
      const end = json.charCodeAt(point) === POINT ? endOfDigits(json, point + 1) : point
      hasLongNumbers ||= point - at >= LONG || (json.charCodeAt(end) | 0x20) === 0x65
      at = end - 1
    }
  }
  return { commas, hasLongNumbers }
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

function endOfDigits(json: string, start: number): number {
  let end = start
  while (isDigit(json.charCodeAt(end))) end += 1
  return end
}

/**
 * Returns the first name that occurs twice in the outermost object; undefined if none exists. `JSON.parse`
 * would silently keep only the last value.
 *
 * @param json valid JSON text
 * @param names number of different names in the object
 */
export function findRepeatedMember(json: string, { commas }: Outline, names: number): string | undefined {
  // Counting commas is sufficient for nearly all texts, and much faster than reading the names.
  return commas < Math.max(names, 1) ? undefined : findFirstRepeated(json)
}

function findFirstRepeated(json: string): string | undefined {
  const names = new Set<string>()
  let depth = 0
  let isName = false
  for (let at = 0; at < json.length; at += 1) {
    const sign = json[at]
    if (sign === '{' || sign === '[') depth += 1
    else if (sign === '}' || sign === ']') depth -= 1
    else if (sign === '"') {
      const end = endOfText(json, at)
      if (isName) {
        const name: string = JSON.parse(json.slice(at, end + 1))
        if (names.size === names.add(name).size) return name
      }
      at = end
    }
    // A name follows the opening brace of the object or a comma in it, possibly after whitespace.
    if (depth === 1 && (sign === '{' || sign === ',')) isName = true
    else if (sign === '"' || depth !== 1) isName = false
  }
  return undefined
}

/** Returns the index of the quotation mark that closes the string beginning at `start`; the end of the text if none exists. */
function endOfText(json: string, start: number): number {
  for (let end = json.indexOf('"', start + 1); end >= 0; end = json.indexOf('"', end + 1)) {
    let escapes = 0
    while (json.charCodeAt(end - 1 - escapes) === BACKSLASH) escapes += 1
    if (escapes % 2 === 0) return end
  }
  return json.length
}
