/** Commits the decisions of a chunk, and reports them. */
import type { LogRecord } from '../cloudevents/record.ts'
import { computePartition } from '../consumer/murmur2.ts'
import { omitUndefined } from '../consumer/omit-undefined.ts'
import { hasTimers } from './consumer.ts'
import type { ApplyResult } from './deciding/apply.ts'
import type { AppliedPart } from './deciding/decide.ts'
import type { Decoded } from './decoding/decode.ts'
import { mustHold } from './invariants.ts'
import type { PartitionRun } from './invocation.ts'
import { computeCode } from './loading/code.ts'
import type { ChunkResult, End } from './model/chunk.ts'
import { isAlarming } from './model/failure-memory.ts'
import type { OutboxEntry, StateKey } from './model/partition-state.ts'
import type { Snapshot } from './model/snapshot.ts'

export interface CommitResult extends ChunkResult {
  /** Entries of the outbox after the commit, in order. Only these entries may be published. */
  readonly outbox: readonly OutboxEntry[]
}

/** Step 5: commits the change atomically. If the commit is refused, the change is discarded, and nothing of it may be published. */
export async function commitChange(run: PartitionRun, part: AppliedPart): Promise<CommitResult | End> {
  const { ports, stateKey, invocation } = run
  const { snapshot, decoded, undecided, loaded, applied } = part
  // Leftover entries come first.
  const outbox = applied ? [...snapshot.outbox, ...applied.change.outbox] : snapshot.outbox
  if (applied) {
    ensureSound(run, part, applied)
    ensureInOrder(outbox)
    const code = computeCode(invocation.codeVersion(), run.consumer)
    const answer = await ports.store.commit(stateKey, { ...applied.change, code })
    if (answer === 'refused') return { kind: 'overtaken', ...omitUndefined({ provenBy: snapshot.provenBy }) }
    const isKnown = answer === 'committed' || typeof answer === 'object'
    mustHold(isKnown, 'answer-is-known', () => `its answer is ${answer}`)
  }
  if (undecided.length < decoded.length)
    ports.report({ kind: 'redelivered', stateKey, records: decoded.length - undecided.length })
  const lastOffset = (decoded.at(-1) as Decoded).record.offset
  // A record that waits for a schema follows all decoded records. If decoded records are left, they must be processed first, in the
  // next chunk.
  const restAfter = (toOffset: number) => (toOffset === lastOffset ? part.restWaits : undefined)
  if (!applied) {
    // Nothing was decided because the entities of already decided records have used up the byte limit of the load. The next chunk
    // starts after those records.
    const toOffset = undecided.length > 0 ? snapshot.version.appliedOffset : lastOffset
    return { toOffset, outbox, restWaits: restAfter(toOffset) }
  }
  invocation.latest.add(applied.decisions)
  reportCommit(run, { snapshot, loaded, applied })
  const { appliedOffset } = applied.change
  // The version was checked by the commit, so no other invocation has changed the outbox in the meantime.
  return { toOffset: appliedOffset, outbox, restWaits: applied.deferred ?? restAfter(appliedOffset) }
}

/** Checks that a commit raises the version, decides the next pending records, and stores what they have emitted. */
function ensureSound(run: PartitionRun, { snapshot, loaded }: AppliedPart, applied: ApplyResult): void {
  const { decisions, change } = applied
  const { appliedOffset: from, fired } = snapshot.version
  const { appliedOffset: to } = change
  // The others are about timers and parked records.
  const ofRecords = decisions.filter(({ outcome }) => outcome !== 'timer' && !outcome.startsWith('parked-'))
  const decided = loaded.slice(0, ofRecords.length)
  const emitted = decisions.flatMap(decision => decision.emitted ?? [])
  const detail = () => `${from} becomes ${to} with ${decided.length} records and ${emitted.length} entries`
  const isProgress = decisions.length > 0 || applied.deferred !== undefined
  const isHigher = to > from || (to === from && change.fired - fired === decisions.length)
  mustHold(isProgress && isHigher, 'version-grows', detail)
  const isLast = to === (ofRecords.at(-1)?.offset ?? from) && to === (decided.at(-1)?.record.offset ?? from)
  mustHold(isLast && run.pending.beginsWith(from, decided), 'nothing-is-skipped', detail)
  const isStored = emitted.every((entry, n) => entry === change.outbox[n])
  mustHold(isStored && emitted.length === change.outbox.length, 'outbox-holds-decisions', detail)
}

/** Checks that each entry of an outbox has a higher position than the entry before it. */
export function ensureInOrder(outbox: readonly OutboxEntry[]): void {
  for (const [n, { position }] of outbox.entries()) {
    const before = outbox[n - 1]?.position ?? ''
    mustHold(position > before, 'outbox-in-order', () => `${position} follows ${before}`)
  }
}

interface CommittedChunk {
  readonly snapshot: Snapshot
  /** Records that could be decided. The commit may contain only the first of them. */
  readonly loaded: readonly Decoded[]
  readonly applied: ApplyResult
}

function reportCommit(
  { ports: { report }, stateKey, consumer }: PartitionRun,
  { snapshot: { failureMemory }, loaded, applied }: CommittedChunk,
): void {
  const { decisions, change, clockGap, unreadableContext } = applied
  report({ kind: 'decisions', stateKey, decisions })
  const decidedRecords = loaded
    .map(({ record }) => record)
    .filter(({ offset }) => offset <= change.appliedOffset)
  const topic = consumer.application.topicNamed(stateKey.topic)
  const misrouted = decidedRecords.filter(record => isMisrouted(record, stateKey, topic?.partitions))
  if (misrouted[0])
    report({ kind: 'misrouted', stateKey, fromOffset: misrouted[0].offset, records: misrouted.length })
  if (unreadableContext !== undefined)
    report({ kind: 'context-unreadable', stateKey, why: unreadableContext })
  // A topic without ticks is silent whenever nothing happens. Without timers, a consumer does not need ticks.
  if (hasTimers(consumer) && topic && topic.isTicked !== false)
    for (const gap of clockGap) report({ kind: 'clock-gap', stateKey, ...gap })
  if (isAlarming(failureMemory, consumer.failureBytes))
    report({ kind: 'failure-memory', stateKey, ...failureMemory, limit: consumer.failureBytes })
}

/**
 * Returns true if Kafka's default partitioner would have put the record into another partition. The state of its entity may be in
 * that partition.
 */
function isMisrouted(
  { key, decodedByLambda }: LogRecord,
  { partition }: StateKey,
  partitions: number | undefined,
): boolean {
  if (partitions === undefined || key === null || decodedByLambda?.key) return false
  return computePartition(key, partitions) !== partition
}
