/** Splits text that arrives in chunks, for example from a file or a pipe, into lines. */
import { TextDecoder } from 'node:util'

/** Maximum length of a line or a document in memory, in characters. */
const LONGEST = 64 * 1024 * 1024

/** Returns true for an error which reports that a text cannot be split into lines. The message of the error contains the reason. */
export function isUnreadableText(error: unknown): error is Error {
  return error instanceof Error && error.name === UNREADABLE
}

const UNREADABLE = 'UnreadableText'

function unreadable(why: string): Error {
  return Object.assign(new Error(why), { name: UNREADABLE })
}

/**
 * Yields the lines that each chunk completes, so that input from a pipe is processed before the next chunk
 * arrives.
 *
 * @throws Error, recognised by `isUnreadableText`, if a line is longer than `LONGEST` or the text is not
 *   UTF-8
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

/** Decodes a chunk. A call without a chunk ends the text, and throws if the text ends within a character. */
function decoded(decoder: TextDecoder, piece?: Uint8Array): string {
  try {
    return piece === undefined ? decoder.decode() : decoder.decode(piece, { stream: true })
  } catch {
    throw unreadable('the text is not UTF-8')
  }
}
