/** Splits a text that arrives in pieces, as from a file or a pipe, into lines. */
import { TextDecoder } from 'node:util'

/** Upper bound for a line or a document held in memory, in characters. */
export const LONGEST = 64 * 1024 * 1024

/** Whether the text cannot be read as lines; the message says why. */
export function isUnreadableText(error: unknown): error is Error {
  return error instanceof Error && error.name === UNREADABLE
}

const UNREADABLE = 'UnreadableText'

function unreadable(why: string): Error {
  return Object.assign(new Error(why), { name: UNREADABLE })
}

/**
 * Yields the lines that each piece completes, so that input from a pipe is processed before the next piece arrives.
 *
 * @throws Error that `isUnreadableText` knows if a line is longer than `LONGEST` or the text is not UTF-8
 */
export async function* linesByPiece(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<readonly string[]> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let rest = ''
  for await (const piece of pieces) {
    const lines = (rest + decoded(decoder, piece)).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > LONGEST) throw unreadable('a line is too long')
    if (lines.length > 0) yield lines
  }
  rest += decoded(decoder)
  if (rest !== '') yield [rest]
}

/** Without a piece: the text has ended, and so must its last character. */
function decoded(decoder: TextDecoder, piece?: Uint8Array): string {
  try {
    return piece === undefined ? decoder.decode() : decoder.decode(piece, { stream: true })
  } catch {
    throw unreadable('the text is not UTF-8')
  }
}
