/** A single message in full. */
import { outOfBounds } from '../../../../lib/queries/out-of-bounds.ts'
import { plainEvent } from '../../../../lib/queries/plain-event.ts'
import { type RecordView, recordView } from '../../../../lib/queries/record-view.ts'
import { topicBounds } from '../../../../lib/queries/topics.ts'
import { textOf } from '../../../../packages/runtime/cloudevents/header-bytes.ts'
import { type LogRecord, sizeOf } from '../../../../packages/runtime/cloudevents/record.ts'
import { ProblemError } from '../../problem.ts'
import type { MessagePorts } from './list.ts'

export interface Message extends RecordView {
  /** Approximate size in Kafka, in bytes. */
  readonly bytes: number
  /** Stored value; null for a record without a value. */
  readonly raw: {
    readonly bytes: number
    /** Beginning of the value. */
    readonly base64: string
  } | null
  /** Encoding of the event in the record; null without an event. */
  readonly mode: 'binary' | 'structured' | null
  /** Content type from the header. */
  readonly contentType: string | null
  /** True if the message is too large to read. */
  readonly isOversize: boolean
}

interface RecordPosition {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** Maximum number of bytes shown per message. */
const MAX_RAW_BYTES = 64 * 1024

/**
 * Reads one message. Also throws the errors of `LogReader.read`.
 *
 * @throws ProblemError with the reason if the message does not exist
 */
export async function oneMessage(place: RecordPosition, ports: MessagePorts): Promise<Message> {
  const { topic, partition, offset } = place
  const bounds = await topicBounds(ports.offsets, topic)
  await requireReadable(place, bounds[partition]?.end, ports)
  const outside = outOfBounds(place, bounds)
  if (outside !== undefined) throw new ProblemError('not-found', outside)
  const { records } = await ports.log.read(topic, partition, { fromOffset: offset, toOffset: offset })
  const record = records.find(one => one.offset === offset)
  if (!record)
    throw new ProblemError(
      'not-found',
      `There is no message at offset ${offset} of ${topic}/${partition}: the offset is a transaction marker, ` +
        'belongs to an aborted transaction, or was removed by compaction.',
    )
  return messageOf(record, recordView(record, await plainEvent(record, ports.reader)))
}

/** Checks that a message can be read. @param end end of the readable offsets; undefined for an unknown partition */
async function requireReadable(
  { topic, partition, offset }: RecordPosition,
  end: number | undefined,
  { highWatermarks }: MessagePorts,
): Promise<void> {
  if (end === undefined || offset < end) return
  if (offset < ((await highWatermarks(topic))[partition] ?? 0))
    throw new ProblemError(
      'not-found',
      `The message at offset ${offset} of ${topic}/${partition} cannot be read until the transaction at offset ${end} has ended.`,
    )
}

function messageOf(record: LogRecord, view: RecordView): Message {
  const { value, headers, oversizeBytes } = record
  const contentType = headers.find(([name]) => name.toLowerCase() === 'content-type')
  const isBinary = headers.some(([name]) => name === 'ce_specversion')
  return {
    ...view,
    bytes: oversizeBytes ?? sizeOf(record),
    raw: value && { bytes: value.length, base64: value.subarray(0, MAX_RAW_BYTES).toString('base64') },
    mode: view.event === null ? null : isBinary ? 'binary' : 'structured',
    contentType: contentType ? (textOf(contentType[1]) ?? null) : null,
    isOversize: oversizeBytes !== undefined,
  }
}
