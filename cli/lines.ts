/** A text in pieces, as a file or a pipe gives it, becomes lines. */
import { TextDecoder } from 'node:util'

/** The longest line, and the longest document, that is held in memory; in characters. */
export const LONGEST = 64 * 1024 * 1024

/** The text cannot be read as lines; the message says why. */
export class UnreadableText extends Error {
  override readonly name = 'UnreadableText'
}

/**
 * The lines that each piece completes, so that what a pipe has brought can go on before the next piece is there.
 *
 * @throws UnreadableText for a line longer than `LONGEST`, and where the text is not UTF-8
 */
export async function* linesByPiece(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<readonly string[]> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let rest = ''
  for await (const piece of pieces) {
    const lines = (rest + decoded(decoder, piece)).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > LONGEST) throw new UnreadableText('a line is too long')
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
    throw new UnreadableText('the text is not UTF-8')
  }
}
