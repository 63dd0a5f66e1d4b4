/** Steps of a page that a reader follows in several terminals: files, commands, and expected output. */

/** Name of a terminal. `commands` is the terminal for blocks without a terminal name. */
export type Terminal = string

export type Step =
  | { readonly kind: 'file'; readonly file: string; readonly text: string }
  | { readonly kind: 'commands'; readonly terminal: Terminal; readonly commands: readonly string[] }
  | { readonly kind: 'output'; readonly terminal: Terminal; readonly lines: readonly string[] }

/** Terminal for commands whose code block does not name a terminal. */
export const COMMANDS: Terminal = 'commands'

const BLOCK = /^```(\w+)(?: (\S+))?\n(.*?)^```$/gms

/**
 * Returns the steps of a page in order. A code block in `sh` or `text` belongs to a terminal; a block in any other language is a
 * file.
 */
export function listSteps(page: string): Step[] {
  return [...page.matchAll(BLOCK)].map(([, language, name, text = '']): Step => {
    const lines = text.split('\n').filter(line => line.trim() !== '')
    if (language === 'sh') return { kind: 'commands', terminal: name ?? COMMANDS, commands: lines }
    if (language === 'text') return { kind: 'output', terminal: name ?? COMMANDS, lines }
    if (name === undefined) throw new Error(`a block of ${language} names no file`)
    return { kind: 'file', file: name, text }
  })
}

/**
 * Returns the first line that the output lacks; undefined if all lines occur in this order. An ellipsis matches any text within the
 * line, and a space matches any number of spaces.
 */
export function missingLine(lines: readonly string[], output: string): string | undefined {
  let rest = output
  for (const line of lines) {
    const found = createPattern(line).exec(rest)
    if (!found) return line
    rest = rest.slice(found.index + found[0].length)
  }
  return undefined
}

function createPattern(line: string): RegExp {
  const parts = line.trim().split(/\s*…\s*/)
  const patterns = parts.map(part => part.split(/\s+/).map(escaped).join('[^\\S\\n]+'))
  return new RegExp(patterns.join('[^\\n]*?'))
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
