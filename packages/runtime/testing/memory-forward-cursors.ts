import { isDeepStrictEqual } from 'node:util'
import { formatStateKey, type StateKey } from '../pipeline/model/partition-state.ts'
import type { Cursor, Cursors } from '../pipeline/ports.ts'

/**
 * In-memory cursors of forwarders for tests. The port's conformance suite checks that they behave like the implementation in Redis.
 */
export class MemoryForwardCursors implements Cursors {
  readonly #cursors = new Map<string, Cursor>()

  async read(stateKey: StateKey): Promise<Cursor | undefined> {
    return this.#cursors.get(formatStateKey(stateKey))
  }

  async advance(stateKey: StateKey, from: Cursor | undefined, to: Cursor): Promise<'advanced' | 'refused'> {
    const name = formatStateKey(stateKey)
    if (!isDeepStrictEqual(this.#cursors.get(name), from)) return 'refused'
    this.#cursors.set(name, to)
    return 'advanced'
  }
}
