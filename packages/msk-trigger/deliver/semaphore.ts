/**
 * Counting semaphore. `release` gives the permit to the caller that has waited longest, so that `tryAcquire` cannot take it first.
 */
export class Semaphore {
  #free: number
  readonly #pending: (() => void)[] = []

  /** @param count number of permits; infinity for no limit */
  constructor(count: number) {
    this.#free = count
  }

  get free(): number {
    return this.#free
  }

  tryAcquire(): boolean {
    if (this.#free === 0) return false
    this.#free -= 1
    return true
  }

  acquire(): Promise<void> {
    if (this.tryAcquire()) return Promise.resolve()
    return new Promise(resolve => this.#pending.push(resolve))
  }

  release(): void {
    const next = this.#pending.shift()
    if (next) next()
    else this.#free += 1
  }
}
