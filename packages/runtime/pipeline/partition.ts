/** Takes one partition of a batch through the steps, chunk by chunk, until all is decided and published or the rest must wait. */
import type { LogRecord } from '../cloudevents/record.ts'
import type { PartitionBatch } from './batch/receive.ts'
import type { PartitionResult } from './batch/respond.ts'
import { type Consumer, hasTimers, isSegmentSink } from './consumer.ts'
import type { Allowed } from './deciding/deliver.ts'
import { prepare } from './decoding/decode-chunk.ts'
import { PartitionStopped, Unavailable, unpreparedIn } from './errors.ts'
import { failureBytesOf } from './failures/failure-memory.ts'
import type { Invocation } from './invocation.ts'
import { codeOf } from './loading/code.ts'
import { PendingRecords } from './log/pending-records.ts'
import type { Deferred, StateKey } from './model.ts'
import { SegmentCutter } from './segments/cutter.ts'
import { type End, isTrimmed, type Missing, type PartitionRun, publishOutbox, stepsOf } from './steps.ts'

const ATTEMPTS = 3

const OUT_OF_TIME: Deferred = { reason: 'out-of-time' }

export async function runPartition(
  consumer: Consumer,
  ports: PartitionRun['ports'],
  invocation: Invocation,
  { topic, partition, records, createTimeFrom }: PartitionBatch,
): Promise<PartitionResult> {
  const stateKey = { consumer: consumer.process.name, topic, partition }
  const delivered = { topic, partition, offsets: records.map(({ offset }) => offset) }
  const pending = new PendingRecords(records, consumer)
  const run = runOf(consumer, ports, invocation, stateKey, pending)
  const steps = stepsOf(consumer)
  // Records that are replayed into another topic carry their own append times.
  const needsAppendTimes = hasTimers(consumer) && consumer.logTime === 'append'
  if (createTimeFrom !== undefined && needsAppendTimes)
    ports.observer.timedByProducers(stateKey, createTimeFrom)
  while (!pending.isEmpty) {
    const { chunk } = pending
    const deferred = isLate(run) ? OUT_OF_TIME : await pass(run, steps, chunk)
    if (!pending.hasReadBack) ports.log.release()
    if (!deferred) continue
    // Request the whole chunk again: its decided records are at or below the applied offset by then, and are dropped.
    const { offset, timestampMs } = chunk[0] as LogRecord
    ports.observer.waiting(stateKey, { fromOffset: offset, appendMs: timestampMs, ...deferred })
    return { batch: delivered, waitsFrom: offset }
  }
  return { batch: delivered }
}

function runOf(
  given: Consumer,
  ports: PartitionRun['ports'],
  invocation: Invocation,
  stateKey: StateKey,
  pending: PendingRecords,
): PartitionRun {
  const { application, failureBytes } = given
  const consumer = { ...given, failureBytes: failureBytesOf(application, failureBytes, stateKey.topic) }
  const code = codeOf(invocation.codeVersion(), consumer)
  const { remainingMs, nowMs, pause } = invocation
  const tried: Allowed['tried'] = one => ports.observer.tried(stateKey, one)
  const allowed = { remainingMs, nowMs, pause, tried, isFirst: true }
  const cutter = isSegmentSink(consumer) ? new SegmentCutter(consumer.process.segments) : undefined
  return { consumer, ports, invocation, stateKey, code, pending, cutter, allowed, isNew: false }
}

function isLate({ invocation, consumer }: PartitionRun): boolean {
  return invocation.remainingMs() < consumer.reserveMs
}

type Steps = ReturnType<typeof stepsOf>

/** Undefined if the pending records can be continued: the chunk, or a part of it, is done. Otherwise why they must wait. */
async function pass(
  run: PartitionRun,
  steps: Steps,
  chunk: readonly LogRecord[],
): Promise<Deferred | undefined> {
  try {
    if (run.invocation.unavailable) throw run.invocation.unavailable
    ensureTicks(run.consumer, run.stateKey.topic)
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const made = await withSchemas(run, () => steps(run, { records: chunk }))
      if ('kind' in made) {
        if (made.kind === 'refused') continue
        return await ended(run, made)
      }
      run.pending.decided(made.toOffset)
      run.allowed.isFirst = false
      return made.rest
    }
    return { reason: 'contended' }
  } catch (error) {
    const isKnown = error instanceof Unavailable || error instanceof PartitionStopped
    return { reason: isKnown ? error.code : 'unexpected-error', error }
  }
}

/** Parked records are decoded while the chunk is applied: if the schema of one is missing, it is fetched, and nothing was done yet. */
async function withSchemas<T>(run: PartitionRun, take: () => Promise<T>): Promise<T | End> {
  for (;;)
    try {
      return await take()
    } catch (error) {
      const unprepared = unpreparedIn(error)
      if (!unprepared) throw error
      const deferred = isLate(run) ? OUT_OF_TIME : await prepare([unprepared], run.consumer)
      if (deferred) return { kind: 'deferred', deferred }
    }
}

/** Continues after a pass that has ended early. @returns as `pass` does */
async function ended(
  run: PartitionRun,
  end: Exclude<End, { kind: 'refused' }>,
): Promise<Deferred | undefined> {
  const { ports, pending } = run
  switch (end.kind) {
    case 'restored':
      return undefined
    case 'deferred':
      return end.deferred
    case 'leftover':
      await publishOutbox(run, end)
      return (await isTrimmed(run, end.outbox)) ? undefined : { reason: 'store-unavailable' }
    case 'passed':
      await publishOutbox(run, end)
      await isTrimmed(run, end.outbox)
      pending.decided(end.toOffset)
      run.allowed.isFirst = false
      return undefined
    case 'missing':
      await ports.log.hold()
      // Other partitions held the permits for as long as they took.
      if (isLate(run)) return OUT_OF_TIME
      return readBack(run, end)
  }
}

/** Reads records that were not delivered from the log, with one fetch, and adds them to the pending ones. */
async function readBack(
  { ports: { log, observer }, stateKey, pending }: PartitionRun,
  { range, appliedOffset, isRoutine = false }: Missing,
): Promise<undefined> {
  const looked = await log.read(stateKey.topic, stateKey.partition, range)
  if (appliedOffset >= 0 && looked.logStart > range.fromOffset)
    observer.expired(stateKey, { ...range, toOffset: Math.min(looked.logStart - 1, range.toOffset) })
  const added = pending.insert(range.fromOffset, looked)
  const [first, last] = [added.at(0), added.at(-1)]
  // Usually the range has only transaction markers.
  if (!first || !last || isRoutine) return
  if (appliedOffset < 0) observer.startsWithoutAppliedOffset(stateKey, first.offset)
  else observer.rangeReadBack(stateKey, { fromOffset: first.offset, toOffset: last.offset })
}

/**
 * Parking needs ticks: only a record can release what is parked, or end the time for which it may be. A topic of which the application
 * does not say whether it has ticks passes.
 *
 * @param topic its name in Kafka
 * @throws PartitionStopped if the process parks and the topic has no ticks: parked events could wait there without end
 */
function ensureTicks({ process, application }: Consumer, topic: string): void {
  const parks = 'parking' in process && process.parking !== undefined
  if (!parks || application.topicNamed(topic)?.isTicked !== false) return
  throw new PartitionStopped(
    'parking-without-ticks',
    `${process.name} has \`parking\`, but ${topic} has no ticks: after its last record, parked events would wait without end. ` +
      'Have ticks appended to the topic, and let the application say so (`isTicked`), or remove `parking` from the process',
  )
}
