/** Splits bytes into numbered lines. */
import { isUtf8 } from 'node:buffer'
import { OperationFailure } from './operation-failure.ts'

/** Line of a text, without its line break. */
export interface Line {
  /** Line number, counted from 1. */
  readonly number: number
  readonly text: string
}

/** Maximum length of a line or a document in memory. */
export const LONGEST = 64 * 1024 * 1024

const LINE_END = 0x0a

/**
 * Yields the lines that are complete after each piece of input.
 *
 * @param name name of the input in messages
 * @param longest maximum length of a line, in bytes
 * @throws OperationFailure if a line is too long or not UTF-8
 */
export async function* readNumberedLines(
  pieces: AsyncIterable<Uint8Array>,
  name: string,
  longest = LONGEST,
): AsyncGenerator<readonly Line[]> {
  let number = 0
  /** Start of a line that is not complete yet. */
  let rest: Buffer[] = []
  let restBytes = 0
  const splitLines = (bytes: Buffer): Line[] => {
    // A line break is never part of a multi-byte character, so each line of a valid text is valid.
    if (!isUtf8(bytes))
      throw new OperationFailure(`${name}:${number + 1}: the text from this line on is not UTF-8`)
    return bytes
      .toString()
      .split('\n')
      .map(text => ({ number: ++number, text }))
  }
  for await (const { buffer, byteOffset, byteLength } of pieces) {
    const piece = Buffer.from(buffer, byteOffset, byteLength)
    const end = piece.lastIndexOf(LINE_END)
    if (end >= 0) {
      yield splitLines(Buffer.concat([...rest, piece.subarray(0, end)]))
      rest = []
      restBytes = 0
    }
    rest.push(piece.subarray(end + 1))
    restBytes += byteLength - end - 1
    if (restBytes > longest) throw new OperationFailure(`${name}:${number + 1}: the line is too long`)
  }
  if (restBytes > 0) yield splitLines(Buffer.concat(rest))
}
