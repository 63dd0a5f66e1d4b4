/**
 * One block of LZ4 (https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md): sequences of bytes to take as they are, each
 * followed by a match, which repeats bytes that came before.
 */

/** A block cannot grow by more: a byte adds at most 255 to the length of a match. */
export const LARGEST_FACTOR = 255

/** In a token, four bits for each of two lengths; this value says that further bytes add to it. */
const LENGTH_GOES_ON = 15
const SHORTEST_MATCH = 4
/** From here on, copying by a call is quicker than by a loop. */
const LONG = 32

interface Place {
  /** Where in the output the block begins. */
  readonly at: number
  /** Nothing is written from here on. */
  readonly end: number
  /** Matches may go back to here. */
  readonly windowStart: number
}

/**
 * Inflates a block.
 *
 * @returns where in the output it ends, or undefined where it would go beyond its place
 * @throws Error for a block that is cut off or refers to what is not there
 */
export function inflateBlock(
  block: Buffer,
  output: Buffer,
  { at: begin, end, windowStart }: Place,
): number | undefined {
  const size = block.length
  let from = 0
  let at = begin
  while (from < size) {
    const token = block[from++] as number

    let literals = token >> 4
    if (literals === LENGTH_GOES_ON) {
      let more = 255
      while (more === 255) {
        if (from >= size) throw cutOff()
        more = block[from++] as number
        literals += more
      }
    }
    if (from + literals > size) throw cutOff()
    if (at + literals > end) return undefined
    if (literals >= LONG) {
      block.copy(output, at, from, from + literals)
      at += literals
      from += literals
    } else {
      for (const stop = at + literals; at < stop; ) output[at++] = block[from++] as number
    }
    // The last sequence has no match.
    if (from === size) return at

    if (from + 2 > size) throw cutOff()
    const distance = (block[from] as number) | ((block[from + 1] as number) << 8)
    from += 2
    let match = (token & 15) + SHORTEST_MATCH
    if ((token & 15) === LENGTH_GOES_ON) {
      let more = 255
      while (more === 255) {
        if (from >= size) throw cutOff()
        more = block[from++] as number
        match += more
      }
    }
    let source = at - distance
    if (distance === 0 || source < windowStart) throw new Error('a block refers to bytes before its frame')
    if (at + match > end) return undefined
    if (match >= LONG && distance >= match) {
      output.copyWithin(at, source, source + match)
      at += match
    } else {
      // Byte by byte: a match may repeat what it has just written.
      for (const stop = at + match; at < stop; ) output[at++] = output[source++] as number
    }
  }
  throw cutOff()
}

function cutOff(): Error {
  return new Error('a block is cut off')
}
