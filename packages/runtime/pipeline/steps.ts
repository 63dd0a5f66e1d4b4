/**
 * The steps of a chunk, in order, for each kind of consumer. Before them, step 1 (`receive`) handles the batch as a whole; after
 * them, step 8 (`respond`) does the same. Each step receives the result of the previous step, and can end the processing of the
 * chunk early.
 */

import type { LogRecord } from '../cloudevents/record.ts'
import { omitUndefined } from '../consumer/omit-undefined.ts'
import { type AnyKeyedProcess, type Consumer, getContext, isSegmentSink, isSink } from './consumer.ts'
import { type ApplyResult, apply } from './deciding/apply.ts'
import { type Allowed, deliver } from './delivering/deliver.ts'
import { formatOrigin } from './outbox/position.ts'
import type { Decoded } from './decoding/decode.ts'
import { type DecodedChunk, decodeChunk } from './decoding/decode-chunk.ts'
import { createRefusedFailureRecord } from './outbox/failure-record.ts'
import { deferDuringSurge } from './failures/failure-surge.ts'
import type { Invocation } from './invocation.ts'
import { contextAhead } from './loading/context-ahead.ts'
import { load, selectLoaded } from './loading/load.ts'
import { ensureSameLog } from './log/log-identity.ts'
import type { PartitionLog } from './log/partition-log.ts'
import type { PendingRecords } from './log/pending-records.ts'
import type { OutboxEntry, StateKey } from './model/partition-state.ts'
import type { PublishedFailures } from './model/failure-memory.ts'
import type { Snapshot } from './model/snapshot.ts'
import type { Ports } from './ports.ts'
import { isLarge } from './outbox/outgoing-record.ts'
import { publish } from './publishing/publish.ts'
import { report } from './committing/commit.ts'
import { archive } from './segments/archive.ts'
import { type SegmentCutter, selectSegment } from './segments/cutter.ts'
import { type Chunk, type ChunkResult, type End, isEnd } from './model/chunk.ts'

const PROCESS = chainSteps(
  decodeRecords,
  loadState,
  decideBy(applyRecords),
  commitChange,
  publishOutbox,
  trimPublished,
)

/** Steps of a sink. The answers of the receiver decide the records. */
const SINK = chainSteps(
  decodeRecords,
  loadState,
  decideBy(deliverRecords),
  commitChange,
  publishOutbox,
  trimPublished,
)

/** Steps of a segment sink. The log determines which records are decided together. The receiver accepts all of them or none. */
const SEGMENT_SINK = chainSteps(
  findSegment,
  decodeRecords,
  loadState,
  decideBy(archiveSegment),
  commitChange,
  publishOutbox,
  trimPublished,
)

export function chooseSteps(consumer: Consumer): ChunkSteps {
  if (isSegmentSink(consumer)) return SEGMENT_SINK
  return isSink(consumer) ? SINK : PROCESS
}

export interface PartitionRun {
  readonly consumer: Consumer
  readonly ports: Ports & { readonly log: PartitionLog }
  readonly invocation: Invocation
  readonly stateKey: StateKey
  readonly code: string
  readonly pending: PendingRecords
  /** True if producers set the timestamps of the batch. */
  readonly hasProducerTimes: boolean
  readonly cutter: SegmentCutter | undefined
  readonly allowed: Allowed
  /** Set once records were read back. */
  publishedFailures?: PublishedFailures
}

type Step<In, Out> = (run: PartitionRun, input: In) => Promise<Out | End>
type ChunkSteps = Step<Chunk, ChunkResult>

function chainSteps<A, B, C, D, E, F>(
  ...steps: [Step<Chunk, A>, Step<A, B>, Step<B, C>, Step<C, D>, Step<D, E>, Step<E, F>]
): Step<Chunk, F>
function chainSteps<A, B, C, D, E, F, G>(
  ...steps: [Step<Chunk, A>, Step<A, B>, Step<B, C>, Step<C, D>, Step<D, E>, Step<E, F>, Step<F, G>]
): Step<Chunk, G>
function chainSteps(...steps: Step<never, unknown>[]): Step<Chunk, unknown> {
  return async (run, chunk) => {
    let result: object = chunk
    for (const step of steps) {
      result = (await step(run, result as never)) as object
      if (isEnd(result)) return result
    }
    return result
  }
}

/**
 * Runs before step 2. If the next segment is incomplete, its records need no further work in this batch. They stay undecided, and
 * are read from the log when the segment is complete.
 */
async function findSegment(run: PartitionRun, chunk: Chunk): Promise<Chunk | End> {
  const { stateKey, pending, ports } = run
  // Only the position of the partition is needed here. Decoding the records might have to wait for a schema.
  const unread = { kind: 'ignored', record: chunk.records[0] as LogRecord, reason: '' } as const
  const snapshot = await load(ports.store, stateKey, [unread], run.consumer)
  await ensureSameLog(ports.log, stateKey, snapshot, chunk.records, run.consumer.logTime, run.invocation)
  const { version, outbox } = snapshot
  const { appliedOffset } = version
  const before = pending.all.filter(({ offset }) => offset <= appliedOffset).length
  if (before > 0) {
    ports.observer.reportRedelivered(stateKey, before)
    return { kind: 'set-by', toOffset: appliedOffset, outbox }
  }
  const selected = selectSegment(run.cutter as SegmentCutter, pending, snapshot)
  if (selected.kind === 'segment') return { records: selected.records, base: appliedOffset }
  if (selected.kind === 'missing') return { ...selected, isRoutine: true }
  const { offset } = pending.all.at(-1) as LogRecord
  return { kind: 'set-by', toOffset: offset, outbox }
}

interface DecodedPart extends DecodedChunk {
  readonly chunk: Chunk
}

/** Step 2: decodes the records. If the schema of a record is unavailable, that record and all later ones must wait. */
async function decodeRecords({ consumer }: PartitionRun, chunk: Chunk): Promise<DecodedPart | End> {
  const { decoded, restWaits } = await decodeChunk(chunk.records, consumer)
  const isWhole = chunk.base !== undefined
  if (restWaits && (isWhole || decoded.length === 0)) return { kind: 'deferred', deferred: restWaits }
  return { chunk, decoded, ...(restWaits ? { restWaits } : {}) }
}

interface LoadedPart extends DecodedPart {
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
async function loadState(run: PartitionRun, part: DecodedPart): Promise<LoadedPart | End> {
  const { consumer, ports, stateKey, pending } = run
  const { chunk, decoded } = part
  const snapshot = await load(ports.store, stateKey, decoded, consumer)
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
  const origin = snapshot.origin ?? (await readOrigin(run))
  const { publishedFailures } = run
  const fullSnapshot = { ...snapshot, ...omitUndefined({ origin, publishedFailures }) }
  if (!first || !pending.hasExpired(appliedOffset))
    return { ...part, snapshot: fullSnapshot, undecided, loaded }
  // A state that is behind the start of the log keeps its context: only transaction markers may have expired in between.
  const ahead = appliedOffset < 0 ? await findContextAhead(run, first.record.offset) : undefined
  if (ahead === 'late') return { kind: 'deferred', deferred: { reason: 'out-of-time' } }
  // Some records have expired without being decided, so it is unknown whether they would have failed.
  const failuresFromMs = first.record.timestampMs
  return {
    ...part,
    snapshot: { ...fullSnapshot, failuresFromMs, ...(ahead && { contextAhead: ahead }) },
    undecided,
    loaded,
  }
}

/** Returns the origin of the partition's emissions. It is stored with the state, so it is read once. */
async function readOrigin({ ports, stateKey }: PartitionRun): Promise<string | undefined> {
  const identity = await ports.log.identity?.(stateKey.topic)
  return identity && formatOrigin(stateKey, identity)
}

async function findContextAhead(
  { consumer, ports: { log, bounds }, stateKey, pending, invocation }: PartitionRun,
  fromOffset: number,
) {
  if (!getContext(consumer)) return undefined
  const { topic, partition } = stateKey
  const end = (await bounds?.bounds(topic))?.[partition]?.end ?? 0
  const toOffset = Math.max(end - 1, pending.all.at(-1)?.offset ?? 0)
  const isLate = () => invocation.remainingMs() < consumer.reserveMs
  const { searched } = invocation.logChecks
  return contextAhead(log, stateKey, consumer, { fromOffset, toOffset }, searched, isLate)
}

interface AppliedPart extends LoadedPart {
  /** Undefined if all records were decided before, or if the state for the first undecided record was not loaded. */
  readonly applied: ApplyResult | undefined
}

type Decide = (run: PartitionRun, part: LoadedPart) => ApplyResult | Promise<ApplyResult>

/** Step 4: decides the records. If too many fail unexpectedly, nothing is committed and the records stay in Kafka. */
function decideBy(decide: Decide): Step<LoadedPart, AppliedPart> {
  return async (run, part) => {
    if (part.loaded.length === 0) return { ...part, applied: undefined }
    const applied = await decide(run, part)
    const surge = await deferDuringSurge(run.ports, run.stateKey, applied.decisions, run.invocation)
    return surge ? { kind: 'deferred', deferred: surge } : { ...part, applied }
  }
}

function applyRecords({ consumer }: PartitionRun, { snapshot, loaded }: LoadedPart) {
  return apply(consumer as Consumer<AnyKeyedProcess>, snapshot, loaded)
}

function deliverRecords({ consumer, allowed }: PartitionRun, { snapshot, loaded }: LoadedPart) {
  return deliver(consumer as Consumer<never>, snapshot, loaded, allowed)
}

function archiveSegment({ consumer, allowed }: PartitionRun, { snapshot, loaded }: LoadedPart) {
  return archive(consumer as Consumer<never>, snapshot, loaded, allowed)
}

interface CommitResult extends ChunkResult {
  /** Entries of the outbox after the commit, in order. Only these entries may be published. */
  readonly outbox: readonly OutboxEntry[]
}

/** Step 5: commits the change atomically. If the commit is refused, the change is discarded, and nothing of it may be published. */
async function commitChange(run: PartitionRun, part: AppliedPart): Promise<CommitResult | End> {
  const { consumer, ports, stateKey, invocation } = run
  const { snapshot, decoded, undecided, loaded, applied } = part
  if (applied) {
    const answer = await ports.store.commit(stateKey, { ...applied.change, code: run.code })
    if (answer === 'refused') return { kind: 'overtaken' }
  }
  if (undecided.length < decoded.length)
    ports.observer.reportRedelivered(stateKey, decoded.length - undecided.length)
  const lastOffset = (decoded.at(-1) as Decoded).record.offset
  // A record that waits for a schema follows all decoded records. If decoded records are left, they must be processed first, in the
  // next chunk.
  const restAfter = (toOffset: number) => (toOffset === lastOffset ? part.restWaits : undefined)
  if (!applied) {
    // Nothing was decided because the entities of already decided records have used up the byte limit of the load. The next chunk
    // starts after those records.
    const toOffset = undecided.length > 0 ? snapshot.version.appliedOffset : lastOffset
    return { toOffset, outbox: snapshot.outbox, restWaits: restAfter(toOffset) }
  }
  invocation.latest.add(applied.decisions)
  report(ports.observer, stateKey, consumer, { snapshot, loaded, applied })
  const { appliedOffset } = applied.change
  // The version was checked by the commit, so no other invocation has changed the outbox in the meantime. Leftover entries come
  // first.
  const outbox = [...snapshot.outbox, ...applied.change.outbox]
  return { toOffset: appliedOffset, outbox, restWaits: applied.deferred ?? restAfter(appliedOffset) }
}

/** Step 6: publishes the outbox. Failure records are published in the same way as emissions. */
export async function publishOutbox<C extends Pick<CommitResult, 'outbox'>>(
  { consumer, ports, stateKey }: PartitionRun,
  committed: C,
): Promise<C> {
  const { outbox } = committed
  if (outbox.length === 0) return committed
  const refused = await publish(ports.publisher, consumer, outbox, (entry, why) =>
    createRefusedFailureRecord(consumer, stateKey, entry, why),
  )
  if (refused.entries.length > 0) ports.observer.reportRefused(stateKey, refused.entries, refused.error)
  const { deadLettersTopic } = consumer.application
  const deadLetters = outbox.filter(
    entry => entry.to === deadLettersTopic && !refused.entries.includes(entry),
  )
  if (deadLetters.length > 0) ports.observer.reportDeadLetters(stateKey, deadLetters)
  return committed
}

/** Step 7: removes published entries from the outbox. If this fails, the next batch publishes them again, with the same ids. */
async function trimPublished(run: PartitionRun, committed: CommitResult): Promise<ChunkResult> {
  await tryTrim(run, committed.outbox)
  return committed
}

/** Removes published entries from the outbox. An error is reported. @returns false if the entries could not be removed */
export async function tryTrim(
  { ports, stateKey }: PartitionRun,
  published: readonly OutboxEntry[],
): Promise<boolean> {
  if (published.length === 0) return true
  try {
    const positions = published.map(({ position }) => position)
    await ports.store.trimOutbox(stateKey, positions)
    return true
  } catch (error) {
    ports.observer.reportOutboxNotTrimmed(stateKey, published.length, error)
    return false
  }
}
