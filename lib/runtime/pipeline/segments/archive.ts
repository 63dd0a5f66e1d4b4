/** Step 4 of a segment sink: hands the segment to the sink, and decides its records by the answer. */
import { derivedId } from '../../consumer/derived-id.ts'
import { type Failure, failure } from '../../consumer/failure-codes.ts'
import type { Rejected } from '../../consumer/process.ts'
import { type Segment, type SegmentSink, segmentName, type Written } from '../../consumer/segment-sink.ts'
import { ReceiverUnavailable } from '../../consumer/sink.ts'
import type { Applied } from '../apply.ts'
import type { Consumer } from '../consumer.ts'
import { Admission, type Task } from '../deciding/admission.ts'
import { WorkingCopy } from '../deciding/working-copy.ts'
import type { Decoded } from '../decode.ts'
import { newTasks } from '../deliver.ts'
import type { Snapshot } from '../model.ts'

/** Decides the whole segment, or nothing of it. @param snapshot as it was at the end of the segment before */
export async function archive(
  consumer: Consumer<SegmentSink>,
  snapshot: Snapshot,
  segment: readonly Decoded[],
): Promise<Applied> {
  const tasks = newTasks(consumer, snapshot, segment)
  const answer = await write(consumer.process, segmentOf(consumer.process, segment, tasks))
  const copy = new WorkingCopy(consumer, snapshot)
  if (answer === 'unavailable') {
    const deferred = { reason: 'receiver-unavailable' } as const
    return { decisions: [], change: copy.change, clockGap: [], deferred }
  }
  const rejections = rejectionsOf(tasks, answer)
  const admission = new Admission(consumer, copy)
  for (const decoded of segment) {
    const clock = copy.clockAt(decoded.record)
    const admitted = admission.admit(decoded, clock)
    if (admitted.kind === 'decided') {
      copy.decided(decoded.record, clock, admitted.decision)
      continue
    }
    const { task } = admitted
    const rejection = rejections.get(task.fingerprint.id)
    const decision = rejection
      ? admission.fail(task, failureOf(rejection, task))
      : admission.processed(task, answer.reason)
    copy.decided(decoded.record, clock, decision)
  }
  return { decisions: copy.decisions, change: copy.change, clockGap: [] }
}

function segmentOf(sink: SegmentSink, segment: readonly Decoded[], tasks: readonly Task[]): Segment {
  const [first, last] = [segment[0], segment.at(-1)] as [Decoded, Decoded]
  const { topic, partition, offset: firstOffset } = first.record
  const { offset: lastOffset } = last.record
  return {
    topic,
    partition,
    firstOffset,
    lastOffset,
    name: segmentName(topic, partition, firstOffset, lastOffset),
    events: tasks.map(({ event, record: { offset } }) => ({
      event,
      key: derivedId('delivery', sink.name, event.source, event.id),
      topic,
      partition,
      offset,
    })),
  }
}

async function write(sink: SegmentSink, segment: Segment): Promise<Written | 'unavailable'> {
  try {
    const answer: Partial<Written> | undefined = await sink.write(segment)
    // A sink can bypass its types. What it did not write must not be decided.
    if (answer?.kind === 'written' && answer.rejected instanceof Map) return answer as Written
    throw new TypeError(`the segment sink ${sink.name} did not answer that it has written ${segment.name}`)
  } catch (error) {
    if (error instanceof ReceiverUnavailable) return 'unavailable'
    throw error
  }
}

interface Rejection extends Rejected {
  readonly digest: string
}

/** A repeat of a rejected event is rejected as well. Another event with its id was not offered to the sink. */
function failureOf({ why, digest }: Rejection, { fingerprint }: Task): Failure {
  if (digest === fingerprint.digest) return failure('rejected', why)
  return failure('id-conflict', 'an event with this id and other content was rejected before it')
}

/** By the id of the event's fingerprint. */
function rejectionsOf(tasks: readonly Task[], { rejected }: Written): Map<string, Rejection> {
  return new Map(
    tasks.flatMap(({ record, fingerprint }) => {
      const why = rejected.get(record.offset)
      return why ? [[fingerprint.id, { ...why, digest: fingerprint.digest }] as const] : []
    }),
  )
}
