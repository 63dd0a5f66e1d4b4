import type { StateKey } from '../../pipeline/model.ts'
import type { Cursor, Cursors } from '../../pipeline/ports.ts'
import type { RedisClient } from './client.ts'
import { cursorKeyOf } from './keys.ts'
import { COMPARE_AND_SET } from './scripts.ts'

/** Cursors of forwarders, one key per partition. */
export class RedisForwardCursors implements Cursors {
  readonly #client: RedisClient

  constructor(client: RedisClient) {
    this.#client = client
  }

  async read(stateKey: StateKey): Promise<Cursor | undefined> {
    const value = await this.#client.run(redis => redis.get(cursorKeyOf(stateKey)))
    return value === null ? undefined : cursorIn(value)
  }

  async advance(stateKey: StateKey, from: Cursor | undefined, to: Cursor): Promise<'advanced' | 'refused'> {
    const moved = await this.#client.eval(
      COMPARE_AND_SET,
      [cursorKeyOf(stateKey)],
      [from ? textOf(from) : '', textOf(to)],
    )
    return Number(moved) === 1 ? 'advanced' : 'refused'
  }
}

/** Serialises a cursor. The same cursor always has the same text, because the script compares texts. */
function textOf({ next, last }: Cursor): string {
  return last === undefined ? `${next}` : `${next} ${last.offset} ${last.digest}`
}

function cursorIn(text: string): Cursor {
  const [next, offset, digest] = text.split(' ')
  const last = digest === undefined ? {} : { last: { offset: Number(offset), digest } }
  return { next: Number(next), ...last }
}
