/** Notes in a file that another process appends to, one JSON line each. */
import { open } from 'node:fs/promises'

export class Notes<Note> {
  readonly #file: string
  readonly #notes: Note[] = []
  /** Bytes that were read. */
  #read = 0

  /** @param file is made if it does not exist yet */
  constructor(file: string) {
    this.#file = file
  }

  /** All notes so far. */
  async read(): Promise<readonly Note[]> {
    const file = await open(this.#file, 'a+')
    try {
      const { size } = await file.stat()
      const { buffer } = await file.read(Buffer.alloc(size - this.#read), 0, size - this.#read, this.#read)
      // The last line may be incomplete.
      const whole = buffer.subarray(0, buffer.lastIndexOf('\n') + 1)
      this.#read += whole.length
      for (const line of whole.toString().split('\n')) if (line) this.#notes.push(JSON.parse(line))
      return this.#notes
    } finally {
      await file.close()
    }
  }
}
