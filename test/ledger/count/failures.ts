/** The failures that a reference remembers. */

/** A failure as its consumer remembers it. */
export interface Remembered {
  readonly attempt: number
  readonly isOpen: boolean
  /** Where the record was when it failed first. */
  readonly partition: number
  readonly offset: number
}

/** Failures by id. */
export class Failures {
  readonly #own = new Map<string, Remembered>()
  readonly #before: Failures[] = []

  get(id: string): Remembered | undefined {
    const own = this.#own.get(id)
    if (own) return own
    for (const before of this.#before) if (before.#own.has(id)) return before.#own.get(id)
    return undefined
  }

  set(id: string, failure: Remembered): void {
    this.#own.set(id, failure)
  }

  /** Knows what another partition knows: its records can come back here since the topic grew. */
  remember(other: Failures): void {
    this.#before.push(other)
  }
}
