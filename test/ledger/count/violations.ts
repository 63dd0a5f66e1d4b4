/** Violations by kind: how many, and the first few places. */

const SHOWN = 5

export class Violations {
  readonly #found = new Map<string, { count: number; readonly places: string[] }>()

  add(kind: string, place: string, count = 1): void {
    const found = this.#found.get(kind) ?? { count: 0, places: [] }
    found.count += count
    if (found.places.length < SHOWN) found.places.push(place)
    this.#found.set(kind, found)
  }

  get isEmpty(): boolean {
    return this.#found.size === 0
  }

  count(kind: string): number {
    return this.#found.get(kind)?.count ?? 0
  }

  get kinds(): readonly string[] {
    return [...this.#found.keys()]
  }

  /** A line for each kind, and a line for each place that is shown. */
  get lines(): readonly string[] {
    return [...this.#found].flatMap(([kind, { count, places }]) => [
      `${count} ${kind}`,
      ...places.map(place => `    ${place}`),
    ])
  }
}

/** The kinds that the verdict always counts. */
export const LOST = 'lost'
export const TWICE = 'applied twice'
export const ORDER = 'out of order'
