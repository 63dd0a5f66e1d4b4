/** Step 3: loads the parts of the partition state that a chunk may touch, in one call. */

import { isFailure } from '../../cloudevents/event.ts'
import { readEvent } from '../../cloudevents/reader.ts'
import type { LogRecord } from '../../cloudevents/record.ts'
import { omitUndefined } from '../../consumer/omit-undefined.ts'
import { contextTypes } from '../../consumer/process.ts'
import { type Consumer, getContext, keepsStates } from '../consumer.ts'
import type { Decoded } from '../decoding/decode.ts'
import { type DecodedPart, decodeChunk } from '../decoding/decode-chunk.ts'
import type { PartitionRun } from '../invocation.ts'
import { ensureSameLog } from '../log/log-identity.ts'
import type { End } from '../model/chunk.ts'
import { CurrentContext, getCachedContexts, withContext } from '../model/context.ts'
import { computeProducerGroup, type FailureName } from '../model/failure-memory.ts'
import { formatHolderName } from '../model/hold.ts'
import { computeSpan, type OffsetRange } from '../model/log.ts'
import type { StateKey, StoredContext } from '../model/partition-state.ts'
import type { LoadSelection, Snapshot } from '../model/snapshot.ts'
import { isLarge } from '../outbox/outgoing-record.ts'
import { findSequencedOrigin } from '../outbox/position.ts'
import type { LogReader } from '../ports.ts'

export interface LoadedPart extends DecodedPart {
  readonly snapshot: Snapshot
  /** Decoded records after the applied offset. */
  readonly undecided: readonly Decoded[]
  /** Records from the start of `undecided` whose states are in the snapshot. This commit decides them. */
  readonly loaded: readonly Decoded[]
}

/**
 * Step 3: loads the state. The chunk can be decided only if the state exists, if it belongs to this log, and if no records are
 * missing between the applied offset and the chunk.
 */
export async function loadState(run: PartitionRun, part: DecodedPart): Promise<LoadedPart | End> {
  const { consumer, ports, stateKey, pending } = run
  const { chunk, decoded } = part
  const isNext = (appliedOffset: number) => run.isNext(decoded, appliedOffset)
  // A sink calls its receiver before the commit.
  const keptFor = keepsStates(consumer) ? { process: consumer.process, isNext } : undefined
  const snapshot = await load(run, { ...selectParts(decoded, consumer), ...omitUndefined({ keptFor }) })
  const { appliedOffset } = snapshot.version
  if (chunk.base !== undefined && chunk.base !== appliedOffset) return { kind: 'overtaken' }
  await ensureSameLog(ports.log, stateKey, snapshot, chunk.records, run.consumer.logTime, run.invocation)
  const range = pending.holeAfter(appliedOffset)
  if (range) return { kind: 'missing', range, appliedOffset }
  // Publish leftover entries first, so that the outbox does not grow further.
  if (isLarge(snapshot.outbox, consumer.limits.bytes)) return { kind: 'leftover', outbox: snapshot.outbox }
  const undecided = decoded.filter(({ record }) => record.offset > appliedOffset)
  const loaded = selectLoaded(undecided, snapshot, consumer)
  const [first] = loaded
  const origin = await run.readOrigin(snapshot)
  const { publishedFailures } = run
  const fullSnapshot = { ...snapshot, ...omitUndefined({ origin, publishedFailures }) }
  const loadedPart = { ...part, undecided, loaded }
  if (!first || !pending.hasExpired(appliedOffset)) return { ...loadedPart, snapshot: fullSnapshot }
  // A state that is behind the start of the log keeps its context: only transaction markers may have expired in between.
  const ahead = appliedOffset < 0 ? await findContextAhead(run, first.record.offset) : undefined
  if (ahead === 'late') return { kind: 'deferred', deferred: { reason: 'out-of-time' } }
  // Some records have expired without being decided, so it is unknown whether they would have failed.
  const failuresFromMs = first.record.timestampMs
  return {
    ...loadedPart,
    snapshot: { ...fullSnapshot, failuresFromMs, ...(ahead && { contextAhead: ahead }) },
  }
}

async function findContextAhead(run: PartitionRun, fromOffset: number) {
  const { consumer, ports, stateKey, pending, invocation } = run
  const { log, bounds } = ports
  if (!getContext(consumer)) return undefined
  const { topic, partition } = stateKey
  const end = (await bounds?.bounds(topic))?.[partition]?.end ?? 0
  const toOffset = Math.max(end - 1, pending.all.at(-1)?.offset ?? 0)
  const { searched } = invocation.logChecks
  return contextAhead(log, stateKey, consumer, { fromOffset, toOffset }, searched, () => run.isLate)
}

/** Selects the parts of the state that the decisions about a chunk may need. */
function selectParts(chunk: readonly Decoded[], consumer: Consumer): LoadSelection {
  const { idWindowMs, limits } = consumer
  const entities = new Set<string>()
  const ids = new Set<string>()
  const failures = new Map<string, FailureName>()
  const origins = new Set<string>()
  const holders = new Set<string>()
  for (const decoded of chunk) {
    const { redriveTarget, record, event } = decoded
    const sequenced = event && findSequencedOrigin(event, record.topic, consumer)
    if (sequenced) origins.add(sequenced.origin)
    if (redriveTarget?.consumer === consumer.process.name) {
      const name = { id: redriveTarget.failure, producerGroup: computeProducerGroup(record) }
      failures.set(`${name.producerGroup} ${name.id}`, name)
    }
    const holder = keepsStates(consumer) ? findHolderName(decoded, consumer) : undefined
    if (holder !== undefined) holders.add(holder)
    if (decoded.kind !== 'event') continue
    entities.add(decoded.event.entity)
    if (!decoded.isTick) ids.add(decoded.fingerprint.id)
  }
  const span = computeSpan(chunk.map(({ record }) => record))
  return {
    entities: [...entities],
    ids: [...ids],
    failures: [...failures.values()],
    idWindowMs,
    span,
    timerLimit: limits.timers,
    byteLimit: limits.bytes,
    ...(origins.size > 0 ? { origins: [...origins] } : {}),
    ...(holders.size > 0 ? { holders: [...holders] } : {}),
  }
}

/** Loads only the position of the partition, since decoding the record might have to wait for a schema. */
export function loadPosition(run: PartitionRun, record: LogRecord): Promise<Snapshot> {
  return load(run, selectParts([{ kind: 'ignored', record, reason: '' }], run.consumer))
}

async function load({ ports, stateKey, consumer }: PartitionRun, wanted: LoadSelection): Promise<Snapshot> {
  const context = getContext(consumer)
  if (!context) return ports.store.load(stateKey, wanted)
  const atHand = getCachedContexts(context)
  const snapshot = await ports.store.load(stateKey, { ...wanted, contexts: [...atHand.keys()] })
  return withContext(snapshot, context, atHand)
}

/** Returns the records, from the start of the chunk, whose states are in the snapshot; at least the first if it is undecided. */
function selectLoaded(
  chunk: readonly Decoded[],
  { notLoaded, states }: Snapshot,
  consumer: LoadedFor,
): readonly Decoded[] {
  if (notLoaded.size === 0) return chunk
  const end = chunk.findIndex(decoded =>
    listEntities(decoded, states, consumer).some(entity => notLoaded.has(entity)),
  )
  return end < 0 ? chunk : chunk.slice(0, end)
}

type LoadedFor = { readonly process: { readonly name: string } }

/** Returns the entities whose states a record may touch, as far as the loaded states reveal them. */
function listEntities(decoded: Decoded, states: Snapshot['states'], consumer: LoadedFor): string[] {
  const own = decoded.kind === 'event' ? [decoded.event.entity] : []
  const holder = findHolderName(decoded, consumer)
  if (holder === undefined) return own
  const held = states.get(holder)
  return held === undefined ? own : [...own, JSON.parse(held) as string]
}

/**
 * Returns the key under which the entity that waits for a failure is stored, if the record retries that failure or marks it as
 * ended; otherwise undefined.
 */
function findHolderName(decoded: Decoded, consumer: LoadedFor): string | undefined {
  if (decoded.kind === 'ignored' && decoded.endedFailure !== undefined)
    return formatHolderName(decoded.endedFailure.failure)
  const { redriveTarget } = decoded
  return redriveTarget?.consumer === consumer.process.name
    ? formatHolderName(redriveTarget.failure)
    : undefined
}

/**
 * Returns the context for records whose own one has expired: the first valid event of the range, which follows them, sets it; undefined
 * if there is none. A process that folds events has no such context, because its context depends on the expired events.
 *
 * @param searched next offset to search, by partition. It is kept between invocations, because one may have too little time.
 * @param isLate returns true if too little time is left for another read
 * @returns `late` if the search must go on in another invocation
 * @throws Unavailable or PartitionStopped if the log cannot be read
 */
async function contextAhead(
  log: Pick<LogReader, 'read'>,
  { topic, partition }: StateKey,
  consumer: Consumer,
  { fromOffset, toOffset }: OffsetRange,
  searched: Map<string, number>,
  isLate: () => boolean,
): Promise<StoredContext | 'late' | undefined> {
  const definition = getContext(consumer)
  if (!definition || definition.fold) return undefined
  const [place, types] = [`${topic}/${partition}`, contextTypes(definition)]
  const isSelected = (record: LogRecord) => {
    const event = readEvent(record)
    return !isFailure(event) && types.includes(event.type)
  }
  const [holding] = types
  if (holding === undefined) return undefined
  const last = searched.get(place) ?? 0
  for (let from = last > toOffset ? fromOffset : Math.max(fromOffset, last); from <= toOffset; ) {
    if (isLate()) return 'late'
    const text = types.length === 1 ? holding : undefined
    const { records, nextOffset } = await log.read(topic, partition, { fromOffset: from, toOffset }, text)
    const { decoded } = await decodeChunk(records.filter(isSelected), consumer)
    for (const own of decoded) {
      if (own.kind !== 'event') continue
      const context = new CurrentContext(definition, {})
      context.set(own.event)
      if (context.change) return context.change
    }
    from = nextOffset
    searched.set(place, from)
  }
  return undefined
}
