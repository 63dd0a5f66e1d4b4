/** Facts about a JSON text that `JSON.parse` hides: duplicate members, and numbers that may be inexact. */

export interface Outline {
  /** Number of members in all objects. */
  readonly members: number
  /** True if a number has 16 digits before its decimal point, or an exponent. Other numbers need no check, see `exact-json.ts`. */
  readonly hasLongNumbers: boolean
}

const QUOTE = 0x22
const COLON = 0x3a
const POINT = 0x2e
const BACKSLASH = 0x5c
const LONG = 16

/** Scans the text once. The text need not be valid JSON. */
export function scanOutline(json: string): Outline {
  let members = 0
  let hasLongNumbers = false
  for (let at = 0; at < json.length; at += 1) {
    const code = json.charCodeAt(at)
    if (code === QUOTE) at = endOfText(json, at)
    else if (code === COLON) members += 1
    else if (isDigit(code)) {
      const point = endOfDigits(json, at)
      const end = json.charCodeAt(point) === POINT ? endOfDigits(json, point + 1) : point
      hasLongNumbers ||= point - at >= LONG || (json.charCodeAt(end) | 0x20) === 0x65
      at = end - 1
    }
  }
  return { members, hasLongNumbers }
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
 * Returns the first name that occurs twice in an object; undefined if none exists. `JSON.parse` would silently keep only the last
 * value.
 *
 * @param json valid JSON text
 * @param value the parsed text
 */
export function findRepeatedMember(json: string, { members }: Outline, value: unknown): string | undefined {
  // Counting is sufficient for nearly all texts, and much faster than reading the names.
  return members === countMembers(value) ? undefined : findFirstRepeated(json)
}

/** Depth beyond which members are not counted, because the call stack could overflow. */
const DEEPEST = 500

/** Returns the number of members in all objects of a value; not a number if it is nested too deeply. */
function countMembers(value: unknown, depth = 0): number {
  if (typeof value !== 'object' || value === null) return 0
  if (depth > DEEPEST) return Number.NaN
  let members = 0
  if (Array.isArray(value)) for (const item of value) members += countMembers(item, depth + 1)
  else
    for (const name in value)
      members += 1 + countMembers((value as Readonly<Record<string, unknown>>)[name], depth + 1)
  return members
}

function findFirstRepeated(json: string): string | undefined {
  // Names in the objects around a position; undefined for a list.
  const open: (Set<string> | undefined)[] = []
  let isName = false
  for (let at = 0; at < json.length; at += 1) {
    const sign = json[at]
    if (sign === '{' || sign === '[') open.push(sign === '{' ? new Set() : undefined)
    else if (sign === '}' || sign === ']') open.pop()
    const names = open.at(-1)
    if (sign === '"') {
      const end = endOfText(json, at)
      if (isName) {
        const name: string = JSON.parse(json.slice(at, end + 1))
        if (names?.size === names?.add(name).size) return name
      }
      at = end
    }
    // A name follows the opening brace of an object or a comma in it, possibly after whitespace.
    if (sign === '{' || sign === ',') isName = names !== undefined
    else if (sign === '"' || sign === '[' || sign === '}' || sign === ']') isName = false
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
