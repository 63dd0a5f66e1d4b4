/** Step 3: loads the parts of the partition state that a chunk may touch, in one call. */

import { type Consumer, contextOf } from './consumer.ts'
import { contextsAtHand, withContext } from './deciding/context.ts'
import type { Decoded } from './decode.ts'
import { groupsOfFailure } from './failures/failure-memory.ts'
import { spanOf } from './log/clock.ts'
import type { FailureName, Snapshot, StateKey } from './model.ts'
import type { StateStore } from './ports.ts'

export async function load(
  store: StateStore,
  stateKey: StateKey,
  chunk: readonly Decoded[],
  consumer: Consumer,
): Promise<Snapshot> {
  const { idWindowMs, limits } = consumer
  const entities = new Set<string>()
  const ids = new Set<string>()
  const failures = new Map<string, FailureName>()
  for (const decoded of chunk) {
    const { redriveTarget, record } = decoded
    if (redriveTarget?.consumer === stateKey.consumer)
      for (const producerGroup of groupsOfFailure(record)) {
        const name = { id: redriveTarget.failure, producerGroup }
        failures.set(`${producerGroup} ${name.id}`, name)
      }
    if (decoded.kind !== 'event') continue
    entities.add(decoded.event.entity)
    if (!decoded.isTick) ids.add(decoded.fingerprint.id)
  }
  const span = spanOf(chunk.map(({ record }) => record))
  const wanted = {
    entities: [...entities],
    ids: [...ids],
    failures: [...failures.values()],
    idWindowMs,
    span,
    timerLimit: limits.timers,
    byteLimit: limits.bytes,
  }
  const context = contextOf(consumer)
  if (!context) return store.load(stateKey, wanted)
  const atHand = contextsAtHand(context)
  return withContext(await store.load(stateKey, { ...wanted, contexts: [...atHand.keys()] }), context, atHand)
}

/** The leading records whose states are in the snapshot. At least one, if the first record of the chunk is undecided. */
export function loadedPart(chunk: readonly Decoded[], { notLoaded }: Snapshot): readonly Decoded[] {
  if (notLoaded.size === 0) return chunk
  const end = chunk.findIndex(decoded => decoded.kind === 'event' && notLoaded.has(decoded.event.entity))
  return end < 0 ? chunk : chunk.slice(0, end)
}
