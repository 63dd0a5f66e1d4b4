/** Message between this process and the process of a handler. It consists of a kind (one character), a length and a body. */
export interface Frame {
  readonly kind: string
  readonly body: Buffer
}

/** Size of the header of a frame, in bytes: the kind, and the length as four bytes, big-endian. */
const HEAD_BYTES = 5

export function frame(kind: string, body: string): Buffer {
  const bytes = Buffer.byteLength(body)
  const whole = Buffer.allocUnsafe(HEAD_BYTES + bytes)
  whole.write(kind, 0, 'latin1')
  whole.writeUInt32BE(bytes, 1)
  whole.write(body, HEAD_BYTES)
  return whole
}

/** Assembles frames from chunks of bytes. */
export class FrameReader {
  readonly #kinds: string
  #pieces: Buffer[] = []
  #bytes = 0

  /** @param kinds allowed kinds of frames, one character each */
  constructor(kinds: string) {
    this.#kinds = kinds
  }

  /** Returns the frames that are complete with this chunk. @throws Error if a frame begins with an unexpected kind */
  read(piece: Buffer): Frame[] {
    this.#pieces.push(piece)
    this.#bytes += piece.length
    const frames: Frame[] = []
    for (let next = this.#next(); next; next = this.#next()) frames.push(next)
    return frames
  }

  #next(): Frame | undefined {
    if (this.#bytes < HEAD_BYTES) return undefined
    const kind = (this.#pieces[0] as Buffer).toString('latin1', 0, 1)
    if (!this.#kinds.includes(kind)) throw new Error(`no frame has the kind ${JSON.stringify(kind)}`)
    if ((this.#pieces[0] as Buffer).length < HEAD_BYTES) this.#join()
    const end = HEAD_BYTES + (this.#pieces[0] as Buffer).readUInt32BE(1)
    // A large frame arrives in many chunks, which are joined only once.
    if (this.#bytes < end) return undefined
    this.#join()
    const [whole] = this.#pieces as [Buffer]
    // Drop an empty remainder, because it would keep the whole buffer in memory.
    this.#pieces = end < whole.length ? [whole.subarray(end)] : []
    this.#bytes -= end
    return { kind, body: whole.subarray(HEAD_BYTES, end) }
  }

  #join(): void {
    if (this.#pieces.length > 1) this.#pieces = [Buffer.concat(this.#pieces)]
  }
}
