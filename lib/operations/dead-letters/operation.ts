/**
 * Identifies an operation on dead letters across all its runs, and records which dead letters it has handled. Pure, except for the
 * random part of an id.
 */
import { randomBytes } from 'node:crypto'
import type { OutgoingRecord } from '../../../packages/runtime/cloudevents/record.ts'
import { type ContentMode, producedRecord } from '../../../packages/runtime/cloudevents/writer.ts'
import { instant } from '../../../packages/runtime/consumer/instant.ts'
import { mapped, text } from '../../../packages/runtime/settings/values.ts'
import type { DeadLettersHandled, HandledAction } from '../../failures/dlq-record.ts'
import { DEAD_LETTERS_HANDLED_TYPE } from '../../failures/event-types.ts'
import { dataschemaOf } from '../../telemetry/dataschema.ts'

export interface Operation {
  /** Id of the operation. It consists of the start time and a random part, such as `2026-11-21T12:07:00.123Z-3f9a2c`. */
  readonly id: string
  /**
   * Start of the operation, in milliseconds since the epoch. Dead letters that are written later are not included, even if the
   * operation is resumed.
   */
  readonly startedAtMs: number
}

const OPERATION_ID = text(
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z-[0-9a-f]{6}$/,
  'the id of an operation, as it was shown when it began',
)

/** Setting for the id of an operation to resume. */
export const OPERATION = mapped(OPERATION_ID, operationOf)

/**
 * Returns the operation with this id.
 *
 * @param id id that `newOperation` returned
 */
export function operationOf(id: string): Operation {
  return { id, startedAtMs: Date.parse(id.slice(0, 24)) }
}

export function newOperation(nowMs: number): Operation {
  return { id: `${instant(nowMs)}-${randomBytes(3).toString('hex')}`, startedAtMs: nowMs }
}

/** Operation, and the operator who runs it. */
export interface Doing {
  readonly operation: Operation
  readonly action: HandledAction
  readonly by: string
  readonly dlqTopic: string
  readonly contentMode: ContentMode
}

/** Positions of dead letters in the dlq topic, stored as offset ranges by partition. */
export class Places {
  readonly #ranges = new Map<number, { from: number; to: number }[]>()

  /** Adds a position. Positions of the same partition must be added in order. */
  add({ partition, offset }: { readonly partition: number; readonly offset: number }): void {
    const ranges = this.#ranges.get(partition) ?? []
    this.#ranges.set(partition, ranges)
    const last = ranges.at(-1)
    if (last?.to === offset - 1) last.to = offset
    else ranges.push({ from: offset, to: offset })
  }

  /** Returns the records that mark the dead letters as handled, one record for each partition. */
  records({ operation, action, by, dlqTopic, contentMode }: Doing, nowMs: number): OutgoingRecord[] {
    return [...this.#ranges].map(([partition, ranges]) => {
      const at = instant(nowMs)
      const data: DeadLettersHandled = { action, by, at, operation: operation.id, ranges }
      const event = {
        id: `${operation.id}.${partition}.${ranges[0]?.from}`,
        source: '/operators',
        subject: by,
        type: DEAD_LETTERS_HANDLED_TYPE,
        time: at,
        datacontenttype: 'application/json',
        dataschema: dataschemaOf(DEAD_LETTERS_HANDLED_TYPE),
        data,
      }
      return { ...producedRecord(dlqTopic, null, event, contentMode), partition }
    })
  }
}
