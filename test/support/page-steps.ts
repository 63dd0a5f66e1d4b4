/** Steps of a page that a reader types: commands, files, and the output that the page shows. */
import { spawnSync } from 'node:child_process'

/** Name of a terminal. `commands` is the terminal for blocks without a terminal name. */
export type Terminal = string

/** Terminal for commands whose code block does not name a terminal. */
export const COMMANDS: Terminal = 'commands'

interface Placed {
  readonly page: string
  readonly line: number
}

export interface Command extends Placed {
  readonly kind: 'command'
  readonly terminal: Terminal
  readonly text: string
}

export interface Output extends Placed {
  readonly kind: 'output'
  readonly terminal: Terminal
  readonly lines: readonly string[]
}

interface NamedFile extends Placed {
  readonly kind: 'file'
  readonly file: string
  readonly text: string
}

export type Step = Command | Output | NamedFile

const BLOCK = /^( *)```(\w*)(?: (\S+))?\n(.*?)^ *```$/gms

/**
 * Returns the steps of a page in order. A block in `sh` has commands, and a block in `text` the output of those before it, in the
 * terminal that the block names. A block in another language that names a file is that file.
 */
export function listSteps(page: string, content: string): Step[] {
  return [...content.matchAll(BLOCK)].flatMap(
    ({ index, 1: indent = '', 2: language, 3: name, 4: body = '' }): Step[] => {
      const line = content.slice(0, index).split('\n').length + 1
      const text = body.replaceAll(new RegExp(`^${indent}`, 'gm'), '')
      const terminal = name ?? COMMANDS
      if (language === 'sh')
        return splitCommands(text).map(command => ({
          kind: 'command',
          page,
          terminal,
          text: command.text,
          line: line + command.line,
        }))
      if (language === 'text')
        return [
          {
            kind: 'output',
            page,
            line,
            terminal,
            lines: text.split('\n').filter(line => line.trim() !== ''),
          },
        ]
      return name === undefined ? [] : [{ kind: 'file', page, line, file: name, text }]
    },
  )
}

/**
 * Splits a block into commands. A command continues while the shell would wait for more: after a backslash, in quotes, in a loop or in
 * a heredoc. If lines begin with `$`, the other lines are output, which belongs in a block in `text`.
 */
function splitCommands(block: string): { readonly text: string; readonly line: number }[] {
  const commands: { text: string; line: number }[] = []
  let open = ''
  for (const [line, added] of block.split('\n').entries()) {
    const text = open + added
    open = ''
    if (/^\s*(#.*)?$/.test(text)) continue
    if (isComplete(text)) commands.push({ text, line: line + 1 - text.split('\n').length })
    else open = `${text}\n`
  }
  if (open !== '') throw new Error(`this command of a page has no end:\n${open}`)
  return commands
}

function isComplete(text: string): boolean {
  // A placeholder is not a redirection.
  const input = text.replaceAll(/<(\w[\w ]*)>/g, '$1')
  const { status, stderr } = spawnSync('bash', ['-n'], { input, encoding: 'utf8' })
  return status === 0 && stderr === '' && !text.endsWith('\\')
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
  const parts = line
    .trim()
    .replaceAll(VARIES, '…')
    .split(/\s*…\s*/)
  const patterns = parts.map(part => part.split(/\s+/).map(escaped).join('[^\\S\\n]+'))
  return new RegExp(patterns.join('[^\\n]*?'))
}

/** Texts that differ from run to run: times, ports, places of records, and durations. */
const VARIES =
  /\b\d{4}-\d\d-\d\dT[\d:.]+Z|(?<=127\.0\.0\.1:)\d+|\b\d+@\d+\b|\b\d+(?:\.\d+)? (?:ms|s|min|h)\b/g

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
