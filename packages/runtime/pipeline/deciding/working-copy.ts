/** A partition state while a chunk is applied: each record sees the changes of the records before it. */
import type { LogRecord } from '../../cloudevents/record.ts'
import { omitUndefined } from '../../consumer/omit-undefined.ts'
import { type AnyKeyedProcess, type Consumer, getContext } from '../consumer.ts'
import { CurrentContext } from '../model/context.ts'
import type { Decision } from '../model/decision.ts'
import { findLogDigest } from '../model/fingerprint.ts'
import type { LogClock } from '../model/log.ts'
import type { IgnoredReason } from '../model/reasons.ts'
import type { Change, Snapshot } from '../model/snapshot.ts'
import type { Sender } from '../outbox/entries.ts'
import { CommitSize, EmittedEntries } from './emitted-entries.ts'
import { EntityStates } from './entity-states.ts'
import { RememberedFailures, RememberedIds, Sequences } from './ids-and-failures.ts'
import { TimerQueue } from './timer-queue.ts'

/** A consumer and the working copy of the partition state: the input of every decision about a record. */
export interface Work<C = Sender> {
  readonly consumer: C
  readonly copy: WorkingCopy
}

export type KeyedWork = Work<Consumer<AnyKeyedProcess>>

/** Position of the working copy in the log. */
interface Progress {
  /** The log's clock at the applied offset. */
  clock: LogClock
  appliedOffset: number
  /** Record at the applied offset, if this chunk has decided it. */
  last: LogRecord | undefined
  /** Number of timers that have fired since the applied offset. */
  fired: number
}

export class WorkingCopy {
  readonly snapshot: Snapshot
  readonly states: EntityStates
  readonly timers: TimerQueue
  readonly context: CurrentContext
  readonly ids: RememberedIds
  readonly failures: RememberedFailures
  readonly sequences: Sequences
  readonly size: CommitSize
  readonly emitted: EmittedEntries
  readonly decisions: Decision[] = []
  readonly progress: Progress

  constructor(
    consumer: Pick<Consumer, 'application' | 'process' | 'idWindowMs' | 'limits' | 'newEntities'>,
    snapshot: Snapshot,
  ) {
    const isTrusted = 'trustsProducers' in consumer.process && consumer.process.trustsProducers
    this.snapshot = snapshot
    this.states = new EntityStates(snapshot, isTrusted ? undefined : consumer.newEntities)
    this.timers = new TimerQueue(snapshot)
    this.context = new CurrentContext(getContext(consumer), snapshot)
    this.ids = new RememberedIds(snapshot, consumer.idWindowMs)
    this.failures = new RememberedFailures(snapshot, consumer)
    this.sequences = new Sequences(snapshot)
    this.size = new CommitSize(consumer.limits)
    this.emitted = new EmittedEntries(snapshot, this.size)
    const { appliedOffset, fired } = snapshot.version
    this.progress = { clock: snapshot.clock, appliedOffset, last: undefined, fired }
  }

  /** Records a decision together with everything that was emitted since the previous one. */
  addDecision(decision: Decision): void {
    const emitted = this.emitted.takeNew()
    this.decisions.push(emitted.length > 0 ? { ...decision, emitted } : decision)
  }

  /** Records the decision of a timer or of a parked record. The record during which it was made is not decided yet. */
  addTimerDecision(decision: Decision): void {
    this.addDecision(decision)
    this.progress.fired += 1
  }

  /** Records the decision about a record, and moves the applied offset and the clock to that record. */
  applyDecision(record: LogRecord, clock: LogClock, decision: Decision): void {
    this.addDecision(decision)
    this.sequences.keepRaised()
    const { timestampMs } = record
    const { failures, progress } = this
    if (decision.reason === ('before-start' satisfies IgnoredReason))
      failures.completeFromMs = timestampMs + 1
    else if (progress.clock.highestAppendMs === undefined)
      failures.completeFromMs = Math.min(failures.completeFromMs, timestampMs)
    progress.clock = clock
    progress.appliedOffset = record.offset
    progress.last = record
    progress.fired = 0
    this.emitted.count = 0
  }
}

/** Returns the change to commit. */
export function toChange(
  { idWindowMs, failureBytes }: Pick<Consumer, 'idWindowMs' | 'failureBytes'>,
  { snapshot, progress, states, timers, ids, failures, sequences, emitted, context, decisions }: WorkingCopy,
): Change {
  const { clock, appliedOffset, fired, last } = progress
  const { completeFromMs } = failures
  return {
    base: snapshot.version,
    appliedOffset,
    fired,
    emitted: emitted.count,
    parkedBytes: states.parkedBytes,
    newEntities: states.newEntities.serializedLevels,
    clock,
    appliedDigest: last ? findLogDigest(last) : snapshot.appliedDigest,
    states: states.changes,
    timers: timers.changes,
    ids: ids.changes,
    failures: failures.changes,
    ...omitUndefined({ sequences: sequences.changes, origin: snapshot.origin || undefined }),
    outbox: emitted.all,
    context: context.change,
    tally: tally(decisions),
    idWindowMs,
    failureWindowMs: failures.windowMs,
    failureBytes,
    forgottenTold: snapshot.failureMemory.forgotten,
    failuresFromMs: Number.isFinite(completeFromMs) ? completeFromMs : undefined,
  }
}

function tally(decisions: readonly Decision[]): Map<string, number> {
  const counts = new Map<string, number>()
  const count = (name: string) => counts.set(name, (counts.get(name) ?? 0) + 1)
  for (const { outcome, reason, hold } of decisions) {
    count(`${outcome}/${reason}`)
    // These counters show how many entities are held: the number of holds that began minus the number of holds that ended.
    if (hold === 'begins') count(`held/${reason}`)
    else if (hold !== undefined && hold !== 'stays') count(`released/${hold}`)
  }
  return counts
}
