/** Processes one partition of a batch, chunk by chunk, until all records are decided and published or the rest must wait. */
import type { LogRecord } from '../cloudevents/record.ts'
import type { PartitionBatch } from './batch/receive.ts'
import type { PartitionResult } from './batch/respond.ts'
import { adaptToTopic, type Consumer, hasTimers } from './consumer.ts'
import { prepare } from './decoding/decode-chunk.ts'
import { findUnprepared, PartitionStopped } from './errors.ts'
import { followLog } from './foreign-log.ts'
import { type Invocation, PartitionRun } from './invocation.ts'
import { PendingRecords } from './log/pending-records.ts'
import { type End, isEnd, type Missing } from './model/chunk.ts'
import { type Deferred, toDeferred } from './model/decision.ts'
import { publishOutbox, trimPublished } from './publish.ts'
import type { StatesPort } from './replacing/replaceable-states.ts'
import { type ChunkSteps, chooseSteps } from './steps.ts'

const ATTEMPTS = 3

const OUT_OF_TIME: Deferred = { reason: 'out-of-time' }

export async function runPartition(
  baseConsumer: Consumer,
  given: PartitionRun['ports'] & StatesPort,
  invocation: Invocation,
  { topic, partition, records, createTimeFrom }: PartitionBatch,
): Promise<PartitionResult> {
  const consumer = adaptToTopic(baseConsumer, topic)
  const stateKey = { consumer: consumer.process.name, topic, partition }
  const [first] = records as [LogRecord]
  const delivered = { topic, partition, offsets: records.map(({ offset }) => offset) }
  let followed: Awaited<ReturnType<typeof followLog>> | undefined
  try {
    // Only logs of others are identified: an await would delay every partition by a turn of the event loop.
    if (consumer.isForeign)
      followed = await followLog({ consumer, ports: given, invocation, stateKey }, records)
  } catch (error) {
    return stopAt(first, toDeferred(error))
  }
  const { ports = given, pending = new PendingRecords(records, consumer) } = followed ?? {}
  const hasProducerTimes = createTimeFrom !== undefined
  const run = new PartitionRun({ consumer, ports, invocation, stateKey, pending, hasProducerTimes })
  const own = chooseSteps(consumer)
  const steps = followed?.around(own) ?? own
  // A replayed log needs no append times from the broker: its records contain the original ones in a header.
  const needsAppendTimes = hasTimers(consumer) && consumer.logTime === 'append'
  if (createTimeFrom !== undefined && needsAppendTimes)
    ports.report({ kind: 'timed-by-producers', stateKey, fromOffset: createTimeFrom })
  while (!pending.isEmpty) {
    const { chunk } = pending
    const deferred = run.isLate ? OUT_OF_TIME : await processChunk(run, steps, chunk)
    // The permit is held if this chunk or an earlier one was read back from the log.
    if (!pending.hasReadBack) ports.log.release()
    if (deferred) return stopAt(chunk[0] ?? first, deferred)
  }
  followed?.confirm()
  return { batch: delivered }

  /**
   * Returns the result for a chunk that must wait. The whole chunk is delivered again. Records of it that were decided are then
   * dropped, because they are at or below the applied offset.
   */
  function stopAt({ offset, timestampMs }: LogRecord, deferred: Deferred): PartitionResult {
    given.report({ kind: 'deferred', stateKey, fromOffset: offset, appendMs: timestampMs, ...deferred })
    return { batch: delivered, waitsFrom: offset }
  }
}

/**
 * Runs the steps of a chunk. They may end early, after only a part of the chunk or none of its records.
 *
 * @returns the reason why the pending records must wait; undefined if they can be processed further
 */
async function processChunk(
  run: PartitionRun,
  steps: ChunkSteps,
  chunk: readonly LogRecord[],
): Promise<Deferred | undefined> {
  try {
    if (run.invocation.unavailable) throw run.invocation.unavailable
    ensureTicks(run.consumer, run.stateKey.topic)
    for (let attempt = 1; attempt <= ATTEMPTS; ) {
      const result = await withSchemas(run, () => steps(run, { records: chunk }))
      if (isEnd(result)) {
        if (result.kind !== 'overtaken') return await resolveEnd(run, result)
        // A state that was not loaded takes no attempt, and the next one is loaded.
        if (!result.provenBy) attempt += 1
        continue
      }
      run.pending.dropTo(result.toOffset)
      run.isFirst = false
      return result.restWaits
    }
    return { reason: 'contended' }
  } catch (error) {
    return toDeferred(error)
  }
}

/**
 * Runs a step, and fetches missing schemas. Parked records are decoded only while the chunk is applied. If the schema of a parked
 * record is missing, it is fetched and the step is repeated. This is safe, because the failed step has changed nothing.
 */
async function withSchemas<T>(run: PartitionRun, take: () => Promise<T>): Promise<T | End> {
  for (;;)
    try {
      return await take()
    } catch (error) {
      const unprepared = findUnprepared(error)
      if (!unprepared) throw error
      const deferred = run.isLate ? OUT_OF_TIME : await prepare([unprepared], run.consumer)
      if (deferred) return { kind: 'deferred', deferred }
    }
}

/** Resolves the cause for which a chunk has ended early. Returns the reason if it must wait; undefined if it can be tried again. */
async function resolveEnd(
  run: PartitionRun,
  end: Exclude<End, { kind: 'overtaken' }>,
): Promise<Deferred | undefined> {
  const { ports, pending } = run
  switch (end.kind) {
    case 'deferred':
      return end.deferred
    case 'leftover':
      await trimPublished(run, await publishOutbox(run, end))
      if (end.toOffset !== undefined) pending.dropTo(end.toOffset)
      return undefined
    case 'missing':
      await ports.log.acquire()
      // This may have waited for a long time, until other partitions released their permits.
      return !run.isLate && (await readBack(run, end)) ? undefined : OUT_OF_TIME
  }
}

/**
 * Reads undelivered records from the log with one fetch, and adds them to the pending records.
 *
 * @returns false if too little time is left to read the failures that were published for them
 */
async function readBack(
  run: PartitionRun,
  { range, appliedOffset, isRoutine = false }: Missing,
): Promise<boolean> {
  const { ports, stateKey, pending } = run
  const { log, report } = ports
  const looked = await log.read(stateKey.topic, stateKey.partition, range)
  if (appliedOffset >= 0 && looked.logStart > range.fromOffset)
    report({ kind: 'expired', stateKey, ...range, toOffset: Math.min(looked.logStart - 1, range.toOffset) })
  const added = pending.insert(range.fromOffset, looked)
  const [first, last] = [added.at(0), added.at(-1)]
  // Usually the range contains no records, only transaction markers.
  if (!first || !last || isRoutine) return true
  if (!(await readPublishedFailures(run, added, appliedOffset < 0))) return false
  if (appliedOffset < 0) report({ kind: 'no-applied-offset', stateKey, fromOffset: first.offset })
  else report({ kind: 'range-read-back', stateKey, fromOffset: first.offset, toOffset: last.offset })
  return true
}

/**
 * Reads the failures that were published for records, unless nothing is published.
 *
 * @param isWhole true if the whole log is read back
 * @returns false if too little time is left
 */
async function readPublishedFailures(
  run: PartitionRun,
  records: readonly LogRecord[],
  isWhole: boolean,
): Promise<boolean> {
  const { consumer, ports, invocation, stateKey, hasProducerTimes } = run
  const { log, bounds, report } = ports
  if (!bounds || !invocation.publishedFailures) return true
  const sinceMs = isWhole || hasProducerTimes ? 0 : Math.min(...records.map(({ timestampMs }) => timestampMs))
  const topics = { log, bounds, isLate: () => run.isLate, nowMs: invocation.nowMs }
  const read = await invocation.publishedFailures.read(topics, consumer, stateKey, sinceMs)
  if (!read) return false
  run.publishedFailures = read.failures
  const unknown = records.filter(({ timestampMs }) => timestampMs < read.keptFromMs).length
  if (unknown > 0) report({ kind: 'failures-not-kept', stateKey, records: unknown })
  return true
}

/**
 * Checks that the topic of a process that parks events has ticks. Without ticks, parked events of a silent partition could wait
 * forever, because only a record can release them or end their parking time. Passes if the application does not specify whether the
 * topic has ticks.
 *
 * @param topic name of the topic in Kafka
 * @throws PartitionStopped if the process parks events and the topic has no ticks
 */
function ensureTicks({ process, application }: Consumer, topic: string): void {
  const parks = 'parking' in process && process.parking !== undefined
  if (!parks || application.topicNamed(topic)?.isTicked !== false) return
  throw new PartitionStopped(
    'parking-without-ticks',
    `${process.name} has \`parking\`, but ${topic} has no ticks: after its last record, parked events would wait forever. ` +
      'Append ticks to the topic and set `isTicked` in the application, or remove `parking` from the process',
  )
}
