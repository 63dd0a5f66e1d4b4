/** Steps of a segment sink: finds the next segment, and passes it to the sink, whose answer decides the records. */

import type { LogRecord } from '../cloudevents/record.ts'
import { RetryableError } from '../consumer/author-errors.ts'
import { derivedId } from '../consumer/derived-id.ts'
import { type Failure, failure } from '../consumer/failure-codes.ts'
import type { Rejected } from '../consumer/process.ts'
import { type Segment, type SegmentSink, segmentName, type Written } from '../consumer/segment-sink.ts'
import type { Consumer } from './consumer.ts'
import type { ApplyResult } from './deciding/apply.ts'
import { completeTask, fail, type Task } from './deciding/task.ts'
import type { Decoded } from './decoding/decode.ts'
import { collectNewTasks, decideEach } from './delivering/deliver.ts'
import type { PartitionRun } from './invocation.ts'
import { type LoadedPart, loadPosition } from './loading/load.ts'
import { ensureSameLog } from './log/log-identity.ts'
import type { SegmentCutter } from './log/segment-cutter.ts'
import type { Chunk, End } from './model/chunk.ts'
import { computeWaitMs, TRIES, type TriesAllowed } from './model/tries.ts'

/** Step 4: decides all records of the segment or none. @param part the segment, with the snapshot at the end of the previous one */
export async function archiveSegment(run: PartitionRun, part: LoadedPart): Promise<ApplyResult> {
  const consumer = run.consumer as Consumer<SegmentSink>
  const { remainingMs, pause } = run.invocation
  const { snapshot, loaded: segment } = part
  const tasks = await collectNewTasks(consumer, snapshot, segment)
  const hasTime = (afterMs: number) => remainingMs() - afterMs >= consumer.reserveMs
  const offered = createSegment(consumer.process, segment, tasks)
  const answer = await write(consumer.process, offered, { pause, reportTry: run.reportTry, hasTime })
  if (answer instanceof RetryableError) {
    const undecided = await decideEach(consumer, snapshot, [], () => undefined)
    return { ...undecided, deferred: { reason: 'receiver-unavailable', error: answer } }
  }
  const rejections = collectRejections(tasks, answer)
  return decideEach(consumer, snapshot, segment, (work, task) => {
    const rejection = rejections.get(task.fingerprint.id)
    return rejection ? fail(work, task, toFailure(rejection, task)) : completeTask(work, task, answer.reason)
  })
}

function createSegment(sink: SegmentSink, segment: readonly Decoded[], tasks: readonly Task[]): Segment {
  const [first, last] = [segment[0], segment.at(-1)] as [Decoded, Decoded]
  const { topic, partition, offset: firstOffset } = first.record
  const { offset: lastOffset } = last.record
  return {
    topic,
    partition,
    firstOffset,
    lastOffset,
    name: segmentName(topic, partition, firstOffset, lastOffset),
    records: segment.map(({ record }) => record),
    events: tasks.map(({ event, record: { offset } }) => ({
      event,
      key: derivedId('delivery', sink.name, event.source, event.id),
      topic,
      partition,
      offset,
    })),
  }
}

/** Writes a segment, with several tries. If all tries fail, the whole segment waits in Kafka. */
async function write(
  sink: SegmentSink,
  segment: Segment,
  { hasTime, pause, reportTry }: TriesAllowed,
): Promise<Written | RetryableError> {
  for (let attempt = 1; ; attempt += 1) {
    let answer: Partial<Written>
    try {
      answer = await sink.write(segment)
    } catch (error) {
      const { firstOffset: offset, lastOffset } = segment
      reportTry({ attempt, of: TRIES, records: lastOffset - offset + 1, offset, cause: { error } })
      if (attempt < TRIES && hasTime(computeWaitMs(attempt))) await pause(computeWaitMs(attempt))
      else if (error instanceof RetryableError) return error
      else throw error
      continue
    }
    // A sink can bypass the types. If it does not confirm the segment, its records must not be decided. Another try would return
    // the same answer.
    if (answer?.kind === 'written' && answer.rejected instanceof Map) return answer as Written
    throw new TypeError(`the segment sink ${sink.name} did not confirm that it has written ${segment.name}`)
  }
}

interface Rejection extends Rejected {
  readonly digest: string
}

/**
 * Returns the failure of a repeated event whose first occurrence was rejected. An exact repeat is rejected too. A different event
 * with the same id was never offered to the sink.
 */
function toFailure({ why, digest }: Rejection, { fingerprint }: Task): Failure {
  if (digest === fingerprint.digest) return failure('rejected', why)
  return failure('id-conflict', 'an event with this id and other content was rejected before it')
}

function collectRejections(tasks: readonly Task[], { rejected }: Written): Map<string, Rejection> {
  return new Map(
    tasks.flatMap(({ record, fingerprint }) => {
      const why = rejected.get(record.offset)
      return why ? [[fingerprint.id, { ...why, digest: fingerprint.digest }] as const] : []
    }),
  )
}

/**
 * Finds the next segment of the log, before step 2 decodes its records. If it is incomplete, its records need no further work in this
 * batch. They stay undecided, and are read from the log when the segment is complete.
 */
export async function findSegment(run: PartitionRun, chunk: Chunk): Promise<Chunk | End> {
  const { stateKey, pending, ports } = run
  const snapshot = await loadPosition(run, chunk.records[0] as LogRecord)
  await ensureSameLog(ports.log, stateKey, snapshot, chunk.records, run.consumer.logTime, run.invocation)
  const { clock, outbox, version } = snapshot
  const { appliedOffset } = version
  const before = pending.all.filter(({ offset }) => offset <= appliedOffset).length
  if (before > 0) {
    ports.report({ kind: 'redelivered', stateKey, records: before })
    return { kind: 'leftover', toOffset: appliedOffset, outbox }
  }
  const cutter = run.cutter as SegmentCutter
  const { records, holes } = pending.upToHole(appliedOffset)
  const count = cutter.complete(records)
  if (count !== undefined) return { records: records.slice(0, count), base: appliedOffset }
  if (holes && cutter.mayEnd(appliedOffset, clock, pending.all))
    return { kind: 'missing', range: holes, appliedOffset, isRoutine: true }
  const { offset } = pending.all.at(-1) as LogRecord
  return { kind: 'leftover', toOffset: offset, outbox }
}
