/** The recent past of the overview's figures, in memory that does not grow. */
import type { History, Values } from './shapes.ts'

/** Five minutes of looks, at one every two seconds. */
const MOST_SAMPLES = 150

export class SampleHistory {
  readonly #samples: { readonly atMs: number; readonly values: Values }[] = []

  add(atMs: number, values: Values): void {
    this.#samples.push({ atMs, values })
    if (this.#samples.length > MOST_SAMPLES) this.#samples.shift()
  }

  /** A name that a sample does not have is null there. */
  get columns(): History {
    const names = [...new Set(this.#samples.flatMap(({ values }) => Object.keys(values)))]
    return {
      atMs: this.#samples.map(({ atMs }) => atMs),
      values: Object.fromEntries(
        names.map(name => [name, this.#samples.map(({ values }) => values[name] ?? null)]),
      ),
    }
  }
}
