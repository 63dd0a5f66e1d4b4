import { randomBytes } from 'node:crypto'
import type { Change, RememberedId, Slot, StateStore } from '../../lib/pipeline/ports.ts'
import { TOPIC } from './batches.ts'

/** No commit of a wave holds many more: the server is asked for nothing that it is not asked for otherwise. */
const AT_ONCE = 1_000
/** The log's clock in a slot that was filled: in the second half of an hour, so that what is remembered lies in two. */
const NOW_MS = 90 * 60_000
const WINDOW_MS = 60 * 60_000
const APPENDED_MS = Date.parse('2026-03-01T12:00:00Z')

/** A slot with a past: it has counted for so many entities, and remembers so many ids of the last hour. */
export async function fillSlot(
  store: StateStore,
  slot: Slot,
  { entities, ids }: { readonly entities: number; readonly ids: number },
): Promise<{ readonly nextOffset: number }> {
  let mark = -1
  const commit = async (change: Partial<Change>) => {
    const base = { epoch: 0, mark, fired: 0 }
    mark += 1
    const clock = { nowMs: NOW_MS, lastAppendMs: APPENDED_MS, highestAppendMs: APPENDED_MS }
    if ((await store.commit(slot, { ...EMPTY, ...change, base, mark, clock })) === 'refused')
      throw new Error('a slot that nobody else has was changed')
  }
  for (let from = 0; from < entities; from += AT_ONCE)
    await commit({ states: new Map(upTo(entities, from).map(n => [entityOf(n), '{"count":1}'])) })
  for (let from = 0; from < ids; from += AT_ONCE)
    await commit({ ids: upTo(ids, from).map(n => rememberedAt(NOW_MS - WINDOW_MS * (1 - n / ids))) })
  return { nextOffset: mark + 1 }
}

/** As `Batches` names them. */
function entityOf(n: number): string {
  return `/environment/test-site sensor-${n}`
}

function upTo(end: number, from: number): number[] {
  return Array.from({ length: Math.min(AT_ONCE, end - from) }, (_, index) => from + index)
}

function rememberedAt(atMs: number): RememberedId {
  return {
    id: randomBytes(12).toString('latin1'),
    digest: randomBytes(8).toString('latin1'),
    appliedAtMs: Math.floor(atMs),
  }
}

export function slotOf(partition: number): Slot {
  return { consumer: 'bench', topic: TOPIC, partition }
}

const EMPTY = {
  fired: 0,
  emitted: 0,
  states: new Map<string, string>(),
  timers: new Map<string, never>(),
  ids: [] as readonly RememberedId[],
  failures: [],
  outbox: [],
  tally: new Map<string, number>(),
  idWindowMs: WINDOW_MS,
  failureWindowMs: 24 * 60 * 60_000,
}
