/** A single message in full. */

import { decodeText, estimateSize, type LogRecord } from '#runtime/cloudevents'
import type { Bounds } from '#runtime/operating/kafka'
import { toContent } from '../../../../control/queries/records/bytes-view.ts'
import { decodePlainEvent } from '../../../../control/queries/records/plain-event.ts'
import { type RecordView, toRecordView } from '../../../../control/queries/records/record-view.ts'
import type { Trial } from '../../../../control/recordings/import/mapping-trial.ts'
import { readTopicBounds } from '../../../../lib/log/topic-bounds.ts'
import type { Content } from '../../../../lib/support/content.ts'
import { type Families, listEventTypes } from '../../../../lib/telemetry/index.ts'
import { ProblemError } from '../../../http/problem.ts'
import type { MessagePorts } from './message-list.ts'

export interface DetailedMessage extends RecordView {
  /** Approximate size in Kafka, in bytes. */
  readonly bytes: number
  /** Stored value; null for a record without a value. */
  readonly raw: Content | null
  /** Encoding of the event in the record; null without an event. */
  readonly mode: 'binary' | 'structured' | null
  /** Content type from the header. */
  readonly contentType: string | null
  /** Topic of events of this type in the table of event types; null for a type that Sluice does not define. */
  readonly signal: string | null
  /** Event that the record of an input becomes; null for a dead letter, and in other topics. */
  readonly became: { readonly type: string; readonly source: string; readonly subject: string | null } | null
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
export async function readMessage(
  families: Families,
  place: RecordPosition,
  ports: MessagePorts,
): Promise<DetailedMessage> {
  const { topic, partition, offset } = place
  const bounds = await readTopicBounds(ports.offsets, topic)
  const outside = describeOutOfBounds(place, bounds)
  if (outside !== undefined) throw new ProblemError('not-found', outside)
  const { records } = await ports.log.read(topic, partition, { fromOffset: offset, toOffset: offset })
  const record = records.find(record => record.offset === offset)
  if (!record)
    throw new ProblemError(
      'not-found',
      `There is no message at offset ${offset} of ${topic}/${partition}: the offset is a transaction marker, ` +
        'belongs to an aborted transaction, or was removed by compaction.',
    )
  const view = toRecordView(record, await decodePlainEvent(record, ports.reader))
  return toMessage(families, record, view, await ports.tryInput?.(record))
}

function toMessage(
  families: Families,
  record: LogRecord,
  view: RecordView,
  trial: Trial | undefined,
): DetailedMessage {
  const { value, headers, oversizeBytes } = record
  const contentType = headers.find(([name]) => name.toLowerCase() === 'content-type')
  const isBinary = headers.some(([name]) => name === 'ce_specversion')
  const { type, source, subject = null } = trial?.accepted ? trial.event : {}
  return {
    ...view,
    ...(trial && { failure: trial.accepted ? null : { code: trial.code, message: trial.reason } }),
    became: type === undefined || source === undefined ? null : { type, source, subject },
    bytes: oversizeBytes ?? estimateSize(record),
    raw: value && toContent(value, MAX_RAW_BYTES),
    mode: view.event === null ? null : isBinary ? 'binary' : 'structured',
    contentType: contentType ? (decodeText(contentType[1]) ?? null) : null,
    signal: listEventTypes(families).get(String(view.event?.type))?.topic ?? null,
    isOversize: oversizeBytes !== undefined,
  }
}

/** Explains in a sentence why a position is outside the topic's bounds; undefined if it is within them. Pure. */
function describeOutOfBounds(
  { topic, partition, offset }: RecordPosition,
  bounds: readonly Bounds[],
): string | undefined {
  const bound = bounds[partition]
  const where = `${topic}/${partition}`
  if (!bound) return `${topic} has no partition ${partition}; the last is ${bounds.length - 1}.`
  if (offset < bound.start)
    return `The message at offset ${offset} has expired: ${where} begins at offset ${bound.start} now.`
  if (offset >= bound.end)
    return `There is no message at offset ${offset} that can be read yet: ${where} ends before offset ${bound.end}.`
  return undefined
}
