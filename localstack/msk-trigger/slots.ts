/** A number of places for invocations. Whoever waits for one is served before anything new. */
export class Slots {
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(count: number) {
    this.#free = count
  }

  tryTake(): boolean {
    if (this.#free === 0) return false
    this.#free -= 1
    return true
  }

  take(): Promise<void> {
    if (this.tryTake()) return Promise.resolve()
    return new Promise(resolve => this.#waiting.push(resolve))
  }

  give(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#free += 1
  }
}
