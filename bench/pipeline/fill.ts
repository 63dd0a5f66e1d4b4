import { randomBytes } from 'node:crypto'
import type { StateKey } from '#runtime/pipeline'
import type { Change, RememberedId, StateStore } from '#runtime/test/support/inside'
import { TOPIC } from './batches.ts'

/** Changes per commit: about as many as a chunk has in production. */
const AT_ONCE = 1_000
/** The log's clock of a filled partition state: in the middle of an hour, so that the known ids are in two buckets. */
const NOW_MS = 90 * 60_000
const WINDOW_MS = 60 * 60_000
const APPENDED_MS = Date.parse('2026-03-01T12:00:00Z')

/** Fills a partition state with the counts of this many entities, and this many ids of the last hour. */
export async function fillState(
  store: StateStore,
  stateKey: StateKey,
  { entities, ids }: { readonly entities: number; readonly ids: number },
): Promise<{ readonly nextOffset: number }> {
  let appliedOffset = -1
  const commit = async (change: Partial<Change>) => {
    const base = { epoch: 0, appliedOffset, fired: 0 }
    appliedOffset += 1
    const clock = { nowMs: NOW_MS, lastAppendMs: APPENDED_MS, highestAppendMs: APPENDED_MS }
    if ((await store.commit(stateKey, { ...EMPTY, ...change, base, appliedOffset, clock })) === 'refused')
      throw new Error('the partition state was changed by another client')
  }
  for (let from = 0; from < entities; from += AT_ONCE)
    await commit({ states: new Map(upTo(entities, from).map(n => [getEntity(n), '{"count":1}'])) })
  for (let from = 0; from < ids; from += AT_ONCE)
    await commit({ ids: upTo(ids, from).map(n => rememberedAt(NOW_MS - WINDOW_MS * (1 - n / ids))) })
  return { nextOffset: appliedOffset + 1 }
}

/** The entity that `Batches` uses for this number. */
function getEntity(n: number): string {
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

export function createStateKey(partition: number): StateKey {
  return { consumer: 'bench', topic: TOPIC, partition }
}

const EMPTY = {
  fired: 0,
  emitted: 0,
  parkedBytes: 0,
  appliedDigest: undefined,
  states: new Map<string, string>(),
  timers: new Map<string, never>(),
  ids: [] as readonly RememberedId[],
  failures: [],
  outbox: [],
  tally: new Map<string, number>(),
  idWindowMs: WINDOW_MS,
  failureWindowMs: 24 * 60 * 60_000,
  failureBytes: 64 * 1024 * 1024,
  forgottenTold: 0,
  failuresFromMs: undefined,
}
