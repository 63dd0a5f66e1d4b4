/** Reads the input of a command from a file or from standard input, and splits it into JSON documents. */
import { readFile } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { fileFailure } from '../lib/support/operation-failure.ts'
import { LONGEST, readText } from '../lib/support/text-reader.ts'
import { CliFailure } from './failure.ts'
import { resolvePath, type Terminal } from './terminal.ts'

/** Returns the name of an input file for messages. */
export function toInputName(file: string): string {
  return file === '-' ? 'standard input' : file
}

/** Returns the text of a file; `-` is standard input. @throws OperationFailure if the file cannot be read, or is not UTF-8 */
export async function readInput(file: string, terminal: Pick<Terminal, 'stdin' | 'folder'>): Promise<string> {
  try {
    const bytes = file === '-' ? await buffer(terminal.stdin) : await readFile(resolvePath(terminal, file))
    if (bytes.length <= LONGEST) return readText(bytes, toInputName(file))
    throw new CliFailure(
      `${toInputName(file)}: too large to be read as a whole: \`sluice replay\` and \`sluice import\` read streams`,
    )
  } catch (error) {
    throw fileFailure(toInputName(file), error)
  }
}

/** JSON document in a text. It can be invalid. */
export interface Document {
  /** Line number, or number of the element in an array, counted from 1. */
  readonly line: number
  readonly text: string
}

/** Splits a text into its documents: one object, the elements of an array, or one document per line. */
export function splitDocuments(text: string): Document[] {
  const parsed = parseWhole(text)
  if (Array.isArray(parsed))
    return parsed.map((document, index) => ({ line: index + 1, text: JSON.stringify(document) }))
  if (parsed !== undefined) return [{ line: 1, text }]
  return text
    .split('\n')
    .flatMap((line, index) => (line.trim() === '' ? [] : [{ line: index + 1, text: line }]))
}

/** `JSON.rawJSON`, which is missing in the types of TypeScript. */
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown }

/** Returns the document that the whole text is, whose numbers keep their digits when it is written; undefined if it is not one. */
function parseWhole(text: string): unknown {
  try {
    return JSON.parse(text, (_, value, context?: { readonly source?: string }) =>
      typeof value === 'number' ? rawJSON(context?.source ?? String(value)) : value,
    )
  } catch {
    return undefined
  }
}
