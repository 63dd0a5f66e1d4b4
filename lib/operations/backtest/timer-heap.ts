/** Binary heap of values by time, earliest first. */
export class TimerHeap<Value> {
  readonly #times: number[] = []
  readonly #values: Value[] = []

  /** Time of the earliest value; infinity if the heap is empty. */
  get firstMs(): number {
    return this.#times[0] ?? Number.POSITIVE_INFINITY
  }

  push(atMs: number, value: Value): void {
    let index = this.#times.length
    while (index > 0) {
      const parent = (index - 1) >> 1
      if ((this.#times[parent] as number) <= atMs) break
      this.#put(index, this.#times[parent] as number, this.#values[parent] as Value)
      index = parent
    }
    this.#put(index, atMs, value)
  }

  /** Removes and returns the earliest value. The heap must not be empty. */
  pop(): Value {
    const first = this.#values[0] as Value
    const atMs = this.#times.pop() as number
    const last = this.#values.pop() as Value
    const { length } = this.#times
    if (length === 0) return first
    let index = 0
    for (let child = 1; child < length; child = 2 * index + 1) {
      if (child + 1 < length && (this.#times[child + 1] as number) < (this.#times[child] as number))
        child += 1
      if ((this.#times[child] as number) >= atMs) break
      this.#put(index, this.#times[child] as number, this.#values[child] as Value)
      index = child
    }
    this.#put(index, atMs, last)
    return first
  }

  #put(index: number, atMs: number, value: Value): void {
    this.#times[index] = atMs
    this.#values[index] = value
  }
}
