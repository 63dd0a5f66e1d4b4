/** The members of the outermost object of a JSON text, as they are written: `JSON.parse` silently keeps the last of several. */

/**
 * The first name that occurs twice in the outermost object; undefined if none does.
 *
 * @param json a text that is JSON
 * @param names how many different names the object has
 */
export function repeatedMember(json: string, names: number): string | undefined {
  // Counting is enough for nearly all texts, and much faster than reading the names.
  return commasIn(json) < Math.max(names, 1) ? undefined : firstRepeated(json)
}

const QUOTE = 0x22
const COMMA = 0x2c
const BACKSLASH = 0x5c

/** One comma stands between two members. */
function commasIn(json: string): number {
  let commas = 0
  let depth = 0
  for (let at = 0; at < json.length; at += 1) {
    const code = json.charCodeAt(at)
    if (code === QUOTE) at = endOfText(json, at)
    else if (code === COMMA) commas += depth === 1 ? 1 : 0
    // "{" and "[", "}" and "]" differ in one bit.
    else if ((code | 0x20) === 0x7b) depth += 1
    else if ((code | 0x20) === 0x7d) depth -= 1
  }
  return commas
}

function firstRepeated(json: string): string | undefined {
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
    // A name follows the opening brace of the object or a comma in it, perhaps after whitespace.
    if (depth === 1 && (sign === '{' || sign === ',')) isName = true
    else if (sign === '"' || depth !== 1) isName = false
  }
  return undefined
}

/** The index of the quotation mark that closes the string that begins at `start`. */
function endOfText(json: string, start: number): number {
  for (let end = json.indexOf('"', start + 1); ; end = json.indexOf('"', end + 1)) {
    let escapes = 0
    while (json.charCodeAt(end - 1 - escapes) === BACKSLASH) escapes += 1
    if (escapes % 2 === 0) return end
  }
}
