/**
 * Formats help texts for the width of the terminal. Texts are written in paragraphs, within which line breaks
 * in the code are ignored.
 */
import type { AddHelpTextContext, Help } from 'commander'
import { widthOf } from './text-width.ts'

/** Width if the output is not a terminal. */
const USUAL_WIDTH = 100
/** Maximum width, because longer lines are hard to read. */
const WIDEST = 120
/** Minimum width of option descriptions. */
const NARROWEST = 20

/** Options for `configureHelp`, which rewrap the paragraphs of descriptions. */
export const HELP: Partial<Help> = {
  minWidthToWrap: NARROWEST,
  showGlobalOptions: true,
  displayWidth: widthOf,
  subcommandTerm: command => command.name(),
  commandDescription: command => paragraphs(command.description()).join('\n'),
}

export function helpWidth(columns: number | undefined): number {
  return Math.min(columns ?? USUAL_WIDTH, WIDEST)
}

/** Returns a text for `addHelpText`, with paragraphs and indented lines. Indented lines that call `sluice` are examples. */
export function more(text: string): (context: AddHelpTextContext) => string {
  return ({ command, error }) => {
    const output = command.configureOutput()
    const width = (error ? output.getErrHelpWidth?.() : output.getOutHelpWidth?.()) ?? USUAL_WIDTH
    return `\n${wrapped(text, width)}`
  }
}

/** Returns the text, wrapped at this width. */
export function wrapped(text: string, width: number): string {
  return paragraphs(text.trim())
    .map(line => {
      const [indent = ''] = /^ */.exec(line) ?? []
      if (indent === '') return fill(line.split(' '), width, '', '')
      const words = line.match(WORDS_AND_QUOTES) ?? []
      // An example stays a single command that can be copied.
      return fill(words, width, `${indent}  `, line.trim().startsWith('sluice ') ? ' \\' : '', indent)
    })
    .join('\n')
}

const WORDS_AND_QUOTES = /(?:'[^']*'|"[^"]*"|\S)+/g

/** Returns one string for each paragraph, and for each blank or indented line. */
function paragraphs(text: string): string[] {
  const found: string[] = []
  let isOpen = false
  for (const line of text.split('\n')) {
    const isText = /^\S/.test(line)
    if (isText && isOpen) found.push(`${found.pop()} ${line}`)
    else found.push(line)
    isOpen = isText
  }
  return found
}

function fill(
  words: readonly string[],
  width: number,
  indent: string,
  continued: string,
  first = '',
): string {
  const lines: string[] = []
  let line = first
  let isEmpty = true
  for (const word of words) {
    const longer = isEmpty ? line + word : `${line} ${word}`
    if (isEmpty || widthOf(longer) + continued.length <= width) line = longer
    else {
      lines.push(line + continued)
      line = indent + word
    }
    isEmpty = false
  }
  return [...lines, line].join('\n')
}
