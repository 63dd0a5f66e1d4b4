import type { StateKey } from '../pipeline/model.ts'
import type { Cursors } from '../pipeline/ports.ts'

/** The cursors of forwarders in memory, for tests. The port's suite checks that it behaves like the Redis one. */
export class MemoryForwardCursors implements Cursors {
  readonly #cursors = new Map<string, number>()

  async read(stateKey: StateKey): Promise<number | undefined> {
    return this.#cursors.get(nameOf(stateKey))
  }

  async advance(stateKey: StateKey, from: number | undefined, to: number): Promise<'advanced' | 'refused'> {
    const name = nameOf(stateKey)
    if (this.#cursors.get(name) !== from) return 'refused'
    this.#cursors.set(name, to)
    return 'advanced'
  }
}

function nameOf({ consumer, topic, partition }: StateKey): string {
  return JSON.stringify([consumer, topic, partition])
}
