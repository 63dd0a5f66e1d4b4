/** Step 3: loads the parts of the partition state that a chunk may touch, in one call. */

import { type Consumer, getContext, isNamed, keepsStates } from '../consumer.ts'
import type { Decoded } from '../decoding/decode.ts'
import { getCachedContexts, withContext } from '../model/context.ts'
import type { FailureName } from '../model/failure-memory.ts'
import { computeProducerGroup } from '../model/failure-memory.ts'
import { formatHolderName } from '../model/hold.ts'
import { computeSpan } from '../model/log.ts'
import type { StateKey } from '../model/partition-state.ts'
import type { LoadSelection, Snapshot } from '../model/snapshot.ts'
import { findSequencedOrigin } from '../outbox/position.ts'
import type { StateStore } from '../ports.ts'

export async function load(
  store: Pick<StateStore, 'load'>,
  stateKey: StateKey,
  chunk: readonly Decoded[],
  consumer: Consumer,
): Promise<Snapshot> {
  const { idWindowMs, limits } = consumer
  const entities = new Set<string>()
  const ids = new Set<string>()
  const failures = new Map<string, FailureName>()
  const origins = new Set<string>()
  for (const decoded of chunk) {
    const { redriveTarget, record, event } = decoded
    const sequenced = event && findSequencedOrigin(event, record.topic, consumer)
    if (sequenced) origins.add(sequenced.origin)
    if (redriveTarget && isNamed(redriveTarget.consumer, consumer)) {
      const name = { id: redriveTarget.failure, producerGroup: computeProducerGroup(record) }
      failures.set(`${name.producerGroup} ${name.id}`, name)
    }
    const holder = keepsStates(consumer) ? findHolderName(decoded, consumer) : undefined
    if (holder !== undefined) entities.add(holder)
    if (decoded.kind !== 'event') continue
    entities.add(decoded.event.entity)
    if (!decoded.isTick) ids.add(decoded.fingerprint.id)
  }
  const span = computeSpan(chunk.map(({ record }) => record))
  const wanted = {
    entities: [...entities],
    ids: [...ids],
    failures: [...failures.values()],
    idWindowMs,
    span,
    timerLimit: limits.timers,
    byteLimit: limits.bytes,
    ...(origins.size > 0 ? { origins: [...origins] } : {}),
  }
  const context = getContext(consumer)
  if (!context) return loadWithHeld(wanted, chunk, consumer, all => store.load(stateKey, all))
  const atHand = getCachedContexts(context)
  const contexts = [...atHand.keys()]
  const snapshot = await loadWithHeld({ ...wanted, contexts }, chunk, consumer, all =>
    store.load(stateKey, all),
  )
  return withContext(snapshot, context, atHand)
}

/** Returns the records, from the start of the chunk, whose states are in the snapshot; at least the first if it is undecided. */
export function selectLoaded(
  chunk: readonly Decoded[],
  { notLoaded, states }: Snapshot,
  consumer: LoadedFor,
): readonly Decoded[] {
  if (notLoaded.size === 0) return chunk
  const end = chunk.findIndex(decoded =>
    listEntities(decoded, states, consumer).some(one => notLoaded.has(one)),
  )
  return end < 0 ? chunk : chunk.slice(0, end)
}

type LoadedFor = Parameters<typeof isNamed>[1]

/**
 * Also loads the entities that wait for a failure which a record retries or marks as ended. These entities are known only after a
 * load. A second load is needed only if such an entity has no event in the chunk. If the data for the first record exceeds the byte
 * limit, only this data is loaded, with a higher limit.
 */
async function loadWithHeld(
  wanted: LoadSelection,
  chunk: readonly Decoded[],
  consumer: LoadedFor,
  load: (wanted: LoadSelection) => Promise<Snapshot>,
): Promise<Snapshot> {
  const isNamed = (decoded: Decoded) => findHolderName(decoded, consumer) !== undefined
  const snapshot = await load(wanted)
  if (!chunk.some(isNamed)) return snapshot
  const { states, notLoaded } = snapshot
  const entities = new Set([...wanted.entities, ...chunk.flatMap(one => listEntities(one, states, consumer))])
  if (entities.size > wanted.entities.length)
    return loadWithHeld({ ...wanted, entities: [...entities] }, chunk, consumer, load)
  const [first] = chunk as [Decoded, ...Decoded[]]
  const own = listEntities(first, states, consumer)
  if (!isNamed(first) || !own.some(entity => notLoaded.has(entity))) return snapshot
  const rest = wanted.entities.filter(entity => !own.includes(entity))
  return loadWithHeld(
    { ...wanted, entities: [...own, ...rest], byteLimit: 2 * wanted.byteLimit },
    chunk,
    consumer,
    load,
  )
}

/** Returns the entities whose states a record may touch, as far as the loaded states reveal them. */
function listEntities(decoded: Decoded, states: Snapshot['states'], consumer: LoadedFor): string[] {
  const own = decoded.kind === 'event' ? [decoded.event.entity] : []
  const holder = findHolderName(decoded, consumer)
  if (holder === undefined) return own
  const held = states.get(holder)
  return [...own, holder, ...(held === undefined ? [] : [JSON.parse(held) as string])]
}

/**
 * Returns the key under which the entity that waits for a failure is stored, if the record retries that failure or marks it as
 * ended; otherwise undefined.
 */
function findHolderName(decoded: Decoded, consumer: LoadedFor): string | undefined {
  if (decoded.kind === 'ignored' && decoded.endedFailure !== undefined)
    return formatHolderName(decoded.endedFailure.failure)
  const { redriveTarget } = decoded
  return redriveTarget && isNamed(redriveTarget.consumer, consumer)
    ? formatHolderName(redriveTarget.failure)
    : undefined
}
