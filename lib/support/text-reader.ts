/**
 * Reader of every text that people or programs hand in, from a file or from standard input: UTF-8, with or without a byte order
 * mark, whose lines end in LF, CRLF or CR. Pure.
 */
import { decodeText } from '#runtime/cloudevents'
import { FileError } from './file-errors.ts'

/** Line of a text, without its line break. */
export interface Line {
  /** Line number, counted from 1. */
  readonly number: number
  readonly text: string
}

/** Maximum length of a line or a document in memory. */
export const LONGEST = 64 * 1024 * 1024

/**
 * Returns a text as `normalizeText` does.
 *
 * @param name name of the file in messages
 * @param line number of the first line of the bytes
 * @throws FileError if the text is not UTF-8
 */
export function readText({ buffer, byteOffset, byteLength }: Uint8Array, name: string, line = 1): string {
  const bytes = Buffer.from(buffer, byteOffset, byteLength)
  if (isUtf16(bytes))
    throw new FileError(
      `${name}: the text is UTF-16, as Windows PowerShell writes it with ">": save it as UTF-8`,
    )
  const text = decodeText(bytes)
  if (text !== undefined) return normalizeText(text)
  const lines = bytes.toString('latin1').split(/\r\n?|\n/)
  const index = lines.findIndex(own => decodeText(Buffer.from(own, 'latin1')) === undefined)
  throw new FileError(`${name}:${line + index}: the line is not UTF-8: save the text as UTF-8`)
}

/** Returns a text without byte order marks, with LF at its line ends. Files that were joined can have a mark at the start of any line. */
export function normalizeText(text: string): string {
  const unmarked = text.includes('\ufeff') ? text.replaceAll(/^\ufeff+/gm, '') : text
  return unmarked.includes('\r') ? unmarked.replaceAll(/\r\n?/g, '\n') : unmarked
}

/**
 * Yields the lines that are complete after each piece of input.
 *
 * @param name name of the input in messages
 * @param longest maximum length of a line, in bytes
 * @throws FileError if a line is too long or not UTF-8
 */
export async function* readLines(
  pieces: AsyncIterable<Uint8Array>,
  name: string,
  longest = LONGEST,
): AsyncGenerator<readonly Line[]> {
  let number = 0
  /** Start of a line that is not complete yet. */
  let rest: Uint8Array[] = []
  let restBytes = 0
  const takeLines = (...last: readonly Uint8Array[]): Line[] => {
    const lines = readText(Buffer.concat([...rest, ...last]), name, number + 1).split('\n')
    if (lines.at(-1) === '') lines.pop()
    rest = []
    restBytes = 0
    return lines.map(text => ({ number: ++number, text }))
  }
  for await (const piece of pieces) {
    // A line break is never part of a multi-byte character. A CR at the end of a piece can be the first half of a line break.
    const end = 1 + Math.max(piece.lastIndexOf(LF), piece.subarray(0, -1).lastIndexOf(CR))
    if (end > 0) yield takeLines(piece.subarray(0, end))
    rest.push(piece.subarray(end))
    restBytes += piece.length - end
    if (restBytes > longest) throw new FileError(`${name}:${number + 1}: the line is too long`)
  }
  if (restBytes > 0) yield takeLines()
}

const LF = 0x0a
const CR = 0x0d

/** Number of bytes that show whether a text without a mark is UTF-16. */
const HEAD_BYTES = 1024

/**
 * Returns whether a text is UTF-16: by its mark, or because the high bytes of its characters, the first of which is not printable,
 * contain zeros, and the low bytes none.
 */
export function isUtf16(bytes: Buffer): boolean {
  if (/^(\xff\xfe|\xfe\xff)/.test(bytes.toString('latin1', 0, 2))) return true
  const head = bytes.subarray(0, HEAD_BYTES)
  const zeros = [...head.keys()].filter(index => head[index] === 0)
  const high = (zeros[0] ?? 0) % 2
  return zeros.length * 32 >= head.length && zeros.every(at => at % 2 === high) && (head[high] ?? 32) < 32
}
