import type { Change, OutboxEntry, Slot, Snapshot, StateStore, Wanted } from '../../pipeline/ports.ts'
import type { RedisClient } from './client.ts'
import { keysOf } from './keys.ts'
import { packIds, packPairs, packRemembered, unpackHits } from './packing.ts'
import { COMMIT_SLOT, LOAD_SLOT } from './scripts.ts'

/** Ids are stored by generation of log time; whole generations leave once they are older than the window. */
const GENERATION_MS = 60 * 60_000

/** Slots in Redis: a load and a commit are one script each, a settle is one command. */
export class RedisStateStore implements StateStore {
  readonly #client: RedisClient

  constructor(client: RedisClient) {
    this.#client = client
  }

  async load(slot: Slot, { entities, ids, idWindowMs }: Wanted): Promise<Snapshot> {
    const reply = await this.#client.eval(LOAD_SLOT, keys(slot), [
      idWindowMs,
      GENERATION_MS,
      packIds(ids),
      ...entities,
    ])
    const [meta, states, hits, outbox] = reply as [Reply[], Reply[], Buffer, Buffer[]]
    const [epoch, mark, clock, last, highest] = meta.map(value =>
      value === null ? undefined : Number(value),
    )
    return {
      version: { epoch: epoch ?? 0, mark: mark ?? -1 },
      clock: { nowMs: clock ?? 0, lastAppendMs: last, highestAppendMs: highest },
      states: new Map(
        entities.flatMap((entity, index) => {
          const state = states[index]
          return state ? [[entity, state.toString()] as const] : []
        }),
      ),
      known: unpackHits(hits, ids),
      outbox: readOutbox(outbox),
    }
  }

  async commit(slot: Slot, change: Change): Promise<'committed' | 'refused'> {
    const { base, mark, clock } = change
    const reply = await this.#client.eval(COMMIT_SLOT, keys(slot), [
      base.epoch,
      base.mark,
      mark,
      clock.nowMs,
      clock.lastAppendMs ?? 0,
      clock.highestAppendMs ?? 0,
      change.idWindowMs,
      GENERATION_MS,
      packRemembered(change.ids),
      packPairs([...change.states].map(([entity, state]) => [entity, state ?? ''])),
      packPairs(change.outbox.map(entry => [entry.position, JSON.stringify(entry)])),
      packPairs([...change.tally].map(([name, count]) => [name, String(count)])),
    ])
    return reply === 1 ? 'committed' : 'refused'
  }

  async settle(slot: Slot, positions: readonly string[]): Promise<void> {
    if (positions.length === 0) return
    await this.#client.run(redis => redis.hdel(keysOf(slot).outbox, ...positions))
  }
}

type Reply = Buffer | null

function keys(slot: Slot): string[] {
  const { meta, states, outbox, ids } = keysOf(slot)
  return [meta, states, outbox, ids]
}

function readOutbox(flat: readonly Buffer[]): OutboxEntry[] {
  const entries = flat
    .filter((_, index) => index % 2 === 1)
    .map(json => JSON.parse(json.toString()) as OutboxEntry)
  return entries.sort((a, b) => (a.position < b.position ? -1 : 1))
}
