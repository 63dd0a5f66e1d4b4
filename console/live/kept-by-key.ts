/** Keeps one thing for each key while it is asked for, up to a limit: the memory of the console must not grow. */

export interface KeptByKeyOptions {
  /** Upper bound for the number of things; the one that was not asked for the longest gives way. */
  readonly most: number
  /** What nobody has asked for in this time is dropped, in milliseconds. */
  readonly idleMs: number
  /** Milliseconds on a clock that does not jump. */
  readonly nowMs?: () => number
}

export class KeptByKey<T> {
  readonly #most: number
  readonly #idleMs: number
  readonly #nowMs: () => number
  /** In the order in which they were asked for, the last one last. */
  readonly #kept = new Map<string, { readonly value: T; readonly askedMs: number }>()

  constructor({ most, idleMs, nowMs = () => performance.now() }: KeptByKeyOptions) {
    this.#most = most
    this.#idleMs = idleMs
    this.#nowMs = nowMs
  }

  get(key: string, make: () => T): T {
    const nowMs = this.#nowMs()
    const value = this.#kept.get(key)?.value ?? make()
    this.#kept.delete(key)
    this.#kept.set(key, { value, askedMs: nowMs })
    for (const [other, { askedMs }] of this.#kept) {
      if (this.#kept.size <= this.#most && nowMs - askedMs < this.#idleMs) break
      this.#kept.delete(other)
    }
    return value
  }

  drop(key: string): void {
    this.#kept.delete(key)
  }

  get size(): number {
    return this.#kept.size
  }
}
