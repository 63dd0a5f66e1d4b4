/** Formats help texts for the width of the terminal. Texts consist of paragraphs. Line breaks within a paragraph are ignored. */
import type { AddHelpTextContext, Help } from 'commander'
import { widthOf } from './text-width.ts'

/** Width if the output is not a terminal. */
const USUAL_WIDTH = 100
/** Maximum width, because longer lines are hard to read. */
const WIDEST = 120
/** Minimum width of option descriptions. */
const NARROWEST = 20

/** Options for commander's `configureHelp` that wrap the paragraphs of descriptions. */
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

/**
 * Formats a text for commander's `addHelpText`. It consists of paragraphs and indented lines. Indented lines that start with
 * `sluice` are examples.
 */
export function more(text: string): (context: AddHelpTextContext) => string {
  return ({ command, error }) => {
    const output = command.configureOutput()
    const width = (error ? output.getErrHelpWidth?.() : output.getOutHelpWidth?.()) ?? USUAL_WIDTH
    return `\n${wrapped(text, width)}`
  }
}

/** Wraps the paragraphs of a text at a width. */
export function wrapped(text: string, width: number): string {
  return paragraphs(text.trim())
    .map(line => {
      const [indent = ''] = /^ */.exec(line) ?? []
      if (indent === '') return fill(line.split(' '), width, '', '')
      const words = line.match(WORDS_AND_QUOTES) ?? []
      // Wrap an example with backslashes, so that it can still be copied as one command.
      return fill(words, width, `${indent}  `, line.trim().startsWith('sluice ') ? ' \\' : '', indent)
    })
    .join('\n')
}

const WORDS_AND_QUOTES = /(?:'[^']*'|"[^"]*"|\S)+/g

/** Splits a text into paragraphs. A blank or indented line is a paragraph of its own. */
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
