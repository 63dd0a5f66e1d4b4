/** Splits bytes into numbered lines. Each line is decoded separately, so that an invalid line can be reported and skipped. */
import { isUtf8 } from 'node:buffer'

/** Line of a text, without its line break. */
export interface Line {
  /** Line number, counted from 1. */
  readonly number: number
  /** Text of the line; undefined if the line cannot be read. */
  readonly text: string | undefined
  /** Reason why the line cannot be read. */
  readonly failure?: string
}

/** Maximum length of a line or a document in memory. */
export const LONGEST = 64 * 1024 * 1024

const LINE_END = 0x0a

/**
 * Yields the lines that are complete after each piece of input. Input from a pipe is thus processed before the next piece arrives.
 *
 * @param longest maximum length of a line, in bytes. The rest of a longer line is skipped.
 */
export async function* numberedLines(
  pieces: AsyncIterable<Uint8Array>,
  longest = LONGEST,
): AsyncGenerator<readonly Line[]> {
  const splitter = new Splitter(longest)
  for await (const piece of pieces) {
    const lines = splitter.take(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength))
    if (lines.length > 0) yield lines
  }
  const last = splitter.end()
  if (last.length > 0) yield last
}

class Splitter {
  readonly #longest: number
  #number = 0
  /** Start of a line that is not complete yet. */
  #rest: Buffer[] = []
  #restBytes = 0

  constructor(longest: number) {
    this.#longest = longest
  }

  take(piece: Buffer): readonly Line[] {
    const end = piece.lastIndexOf(LINE_END)
    if (end < 0) {
      this.#keep(piece)
      return []
    }
    const lines = this.#split(piece.subarray(0, end))
    this.#keep(piece.subarray(end + 1))
    return lines
  }

  end(): readonly Line[] {
    return this.#restBytes === 0 ? [] : this.#split(Buffer.alloc(0))
  }

  #keep(piece: Buffer): void {
    this.#restBytes += piece.length
    if (this.#restBytes > this.#longest) this.#rest = []
    else if (piece.length > 0) this.#rest.push(piece)
  }

  /**
   * Returns the lines that a piece of input completes.
   *
   * @param piece bytes up to, but not including, a line break
   */
  #split(piece: Buffer): readonly Line[] {
    const isWhole = this.#restBytes <= this.#longest
    if (!isWhole) return this.#withoutTooLong(piece)
    const bytes = this.#restBytes > 0 ? Buffer.concat([...this.#rest, piece]) : piece
    this.#forget()
    // A line break is never part of a multi-byte character, so each line of a valid text is valid.
    if (isUtf8(bytes))
      return bytes
        .toString()
        .split('\n')
        .map(text => this.#line(text))
    return pieces(bytes).map(one => this.#line(isUtf8(one) ? one.toString() : undefined))
  }

  #withoutTooLong(piece: Buffer): readonly Line[] {
    this.#forget()
    this.#number++
    const tooLong: Line = { number: this.#number, text: undefined, failure: 'the line is too long' }
    const end = piece.indexOf(LINE_END)
    return end < 0 ? [tooLong] : [tooLong, ...this.#split(piece.subarray(end + 1))]
  }

  #forget(): void {
    this.#rest = []
    this.#restBytes = 0
  }

  #line(text: string | undefined): Line {
    this.#number++
    const number = this.#number
    return text === undefined ? { number, text, failure: 'the text is not UTF-8' } : { number, text }
  }
}

function pieces(bytes: Buffer): Buffer[] {
  const found: Buffer[] = []
  let start = 0
  while (true) {
    const end = bytes.indexOf(LINE_END, start)
    if (end < 0) return [...found, bytes.subarray(start)]
    found.push(bytes.subarray(start, end))
    start = end + 1
  }
}
