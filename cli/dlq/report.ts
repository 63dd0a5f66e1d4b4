/** What `dlq list --json` and `dlq show --json` print of a dead letter. Pure. */
import {
  type DeadLetterSummary,
  deadLetterSummary,
  type FoundDeadLetter,
} from '../../lib/queries/dead-letters.ts'
import { instant } from '../../lib/runtime/consumer/instant.ts'
import { type BytesView, bytesView } from '../records/bytes.ts'

/** Of each dead letter in a list. */
export interface DeadLetterLine extends Omit<DeadLetterSummary, 'partition' | 'offset'> {
  /** Partition and offset in the dlq topic, as `dlq show` takes it. */
  readonly at: string
}

/** Of one dead letter. */
export interface DeadLetterReport extends DeadLetterLine {
  readonly routedBecause: string
  readonly firstFailedAt: string
  readonly originalTime: string
  readonly traceparent: string | null
  readonly key: BytesView | null
  readonly headers: readonly ({ readonly name: string } & BytesView)[]
  readonly value: BytesView | null
}

export function summaryOf({ partition, offset, ...summary }: DeadLetterSummary): DeadLetterLine {
  return { at: `${partition}@${offset}`, ...summary }
}

export function reportOf(found: FoundDeadLetter): DeadLetterReport {
  const { deadLetter, event, original } = found
  return {
    ...summaryOf(deadLetterSummary(found)),
    routedBecause: deadLetter.routedBecause,
    firstFailedAt: deadLetter.firstFailedAt,
    originalTime: instant(deadLetter.originalTimestamp),
    traceparent: event.extensions?.traceparent ?? null,
    key: original.key && bytesView(original.key),
    headers: original.headers.map(({ name, value }) => ({ name, ...bytesView(value) })),
    value: original.value && bytesView(original.value),
  }
}
