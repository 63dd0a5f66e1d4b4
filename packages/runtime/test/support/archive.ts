/** In-memory archive, and the stage on which a segment sink writes to it. */

import { randomUUID } from 'node:crypto'
import type { LogRecord } from '../../cloudevents/record.ts'
import {
  confirmSegment,
  type Segment,
  type SegmentLimits,
  type SegmentSink,
  type Written,
} from '../../consumer/segment-sink.ts'
import type { StateStore } from '../../pipeline/ports.ts'
import { READING_TYPES } from './application.ts'
import { environmentReading, logRecord } from './records.ts'
import { Stage } from './stage.ts'

/** Returns a reading at an offset, appended one second after the reading before it. By default, its id contains the offset. */
export function archived(
  offset: number,
  { id = `r${offset}`, at = offset, padding = 0, temperature = 20 } = {},
): LogRecord {
  const event = environmentReading(id, {
    at: 0,
    temperature,
    ...(padding > 0 ? { extensions: { pad: 'x'.repeat(padding) } } : {}),
  })
  return logRecord(offset, event, { timestampMs: Date.parse('2026-03-01T12:00:00Z') + at * 1_000 })
}

export class ArchiveStage {
  /** Offsets and ids of the events in each object, by name of the object. */
  readonly objects = new Map<string, string>()
  /** Names of the objects in the order of the writes. */
  readonly writes: string[] = []
  /** Names of objects that were overwritten with different contents. */
  readonly changed: string[] = []
  readonly stage: Stage
  /** Function that returns the sink's response to a write. */
  answer: (segment: Segment) => Written = () => confirmSegment('archived')

  /** Creates the archive. @param store store of the consumer's state. The consumer gets a new name. */
  constructor(store: StateStore, segments: SegmentLimits) {
    const sink: SegmentSink = {
      name: `archive-${randomUUID()}`,
      accepts: READING_TYPES,
      segments,
      write: async segment => this.#write(segment),
    }
    this.stage = new Stage(sink, { store })
  }

  /** Returns the ranges that the objects cover, in the order of the log. */
  get ranges(): string[] {
    const names = [...this.objects.keys()].sort()
    return names.map(name => (name.split('/').at(-1) as string).split('-').map(Number).join('-'))
  }

  #write(segment: Segment): Written {
    const answer = this.answer(segment)
    const { name, events } = segment
    const contents = events
      .filter(({ offset }) => !answer.rejected.has(offset))
      .map(({ event, offset }) => `${offset}:${event.id}`)
      .join(' ')
    const before = this.objects.get(name)
    if (before !== undefined && before !== contents) this.changed.push(name)
    this.objects.set(name, contents)
    this.writes.push(name)
    return answer
  }
}
