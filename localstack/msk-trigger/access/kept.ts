/** A value for where nothing can wait. When it is older than `ageMs` it is read again in the background, and the old one is used meanwhile. */
export class Kept<T> {
  readonly #read: () => Promise<T>
  readonly #ageMs: number
  readonly #now: () => number
  #kept: { readonly value: T; readonly readAtMs: number } | undefined
  #reading: Promise<void> | undefined

  constructor(read: () => Promise<T>, ageMs: number, now: () => number = () => performance.now()) {
    this.#read = read
    this.#ageMs = ageMs
    this.#now = now
  }

  /** Resolves when the value has been read once. Rejects with the error of `read`; the next call reads again. */
  async ready(): Promise<void> {
    if (!this.#kept) await this.#readAgain()
  }

  get value(): T {
    if (!this.#kept) throw new Error('it was not read yet')
    // If it fails, the next call tries again.
    if (this.#now() - this.#kept.readAtMs > this.#ageMs) this.#readAgain().catch(() => {})
    return this.#kept.value
  }

  #readAgain(): Promise<void> {
    this.#reading ??= this.#read()
      .then(value => {
        this.#kept = { value, readAtMs: this.#now() }
      })
      .finally(() => {
        this.#reading = undefined
      })
    return this.#reading
  }
}
