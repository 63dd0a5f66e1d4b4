import type { StateKey } from '../../pipeline/model/partition-state.ts'
import type { Cursor, Cursors } from '../../pipeline/ports.ts'
import type { RedisClient } from './client.ts'
import { buildCursorKey } from './keys.ts'
import { COMPARE_AND_SET } from './scripts.ts'

/** Cursors of forwarders, one key per partition. */
export class RedisForwardCursors implements Cursors {
  readonly #client: RedisClient

  constructor(client: RedisClient) {
    this.#client = client
  }

  async read(stateKey: StateKey): Promise<Cursor | undefined> {
    const value = await this.#client.run(redis => redis.get(buildCursorKey(stateKey)))
    return value === null ? undefined : parseCursor(value)
  }

  async advance(stateKey: StateKey, from: Cursor | undefined, to: Cursor): Promise<'advanced' | 'refused'> {
    const moved = await this.#client.eval(
      COMPARE_AND_SET,
      [buildCursorKey(stateKey)],
      [from ? formatCursor(from) : '', formatCursor(to)],
    )
    return Number(moved) === 1 ? 'advanced' : 'refused'
  }
}

/** Serialises a cursor. The same cursor always has the same text, because the script compares texts. */
function formatCursor({ next, last }: Cursor): string {
  return last === undefined ? `${next}` : `${next} ${last.offset} ${last.digest}`
}

function parseCursor(text: string): Cursor {
  const [next, offset, digest] = text.split(' ')
  const last = digest === undefined ? {} : { last: { offset: Number(offset), digest } }
  return { next: Number(next), ...last }
}
