/**
 * Decoder for a block of LZ4 (https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md). A block consists of sequences of
 * literal bytes, each followed by a match that repeats earlier bytes.
 */

/** Maximum ratio of decompressed to compressed size: each byte of a block adds at most 255 to the length of a match. */
export const MAX_FACTOR = 255

/** Length value in a token (four bits) that means that further bytes follow, which are added to the length. */
const LENGTH_CONTINUES = 15
const SHORTEST_MATCH = 4
/** Minimum length, in bytes, for which a copy call is faster than a loop. */
const LONG = 32

interface OutputRange {
  /** Position in the output at which the block starts. */
  readonly at: number
  /** End of the output range, exclusive. */
  readonly end: number
  /** Earliest position to which matches may refer. */
  readonly windowStart: number
}

/**
 * Decompresses a block.
 *
 * @returns the position after the result, or undefined if the result would exceed its range
 * @throws Error if the block is truncated or refers to bytes that do not exist
 */
export function inflateBlock(
  block: Buffer,
  output: Buffer,
  { at: begin, end, windowStart }: OutputRange,
): number | undefined {
  const size = block.length
  let from = 0
  let at = begin
  while (from < size) {
    const token = block[from++] as number

    let literals = token >> 4
    if (literals === LENGTH_CONTINUES) {
      let more = 255
      while (more === 255) {
        if (from >= size) throw createTruncatedError()
        more = block[from++] as number
        literals += more
      }
    }
    if (from + literals > size) throw createTruncatedError()
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

    if (from + 2 > size) throw createTruncatedError()
    const distance = (block[from] as number) | ((block[from + 1] as number) << 8)
    from += 2
    let match = (token & 15) + SHORTEST_MATCH
    if ((token & 15) === LENGTH_CONTINUES) {
      let more = 255
      while (more === 255) {
        if (from >= size) throw createTruncatedError()
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
      // Copy byte by byte, because a match may overlap its own output.
      for (const stop = at + match; at < stop; ) output[at++] = output[source++] as number
    }
  }
  throw createTruncatedError()
}

function createTruncatedError(): Error {
  return new Error('a block is truncated')
}
