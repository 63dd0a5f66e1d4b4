import { openSync, writeSync } from 'node:fs'

/** Records applied in a tenth of a second. */
export interface Note {
  readonly atMs: number
  readonly count: number
  /** Milliseconds from the broker's timestamp of a record until it was applied. */
  readonly ages: readonly number[]
}

const EVERY_MS = 100

/** Notes what a side has applied, in a file of JSON lines. */
export class Noting {
  readonly #file: number
  #ages: number[] = []

  constructor(file: string) {
    this.#file = openSync(file, 'a')
    setInterval(() => this.#write(), EVERY_MS).unref()
  }

  /** @param appendedMs the broker's timestamp of the record, in milliseconds since the epoch */
  applied(appendedMs: number): void {
    this.#ages.push(Date.now() - appendedMs)
  }

  #write(): void {
    const ages = this.#ages
    this.#ages = []
    if (ages.length === 0) return
    const note: Note = { atMs: Date.now(), count: ages.length, ages }
    writeSync(this.#file, `${JSON.stringify(note)}\n`)
  }
}
