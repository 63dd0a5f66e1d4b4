/** Reports of `dlq list --json` and `dlq show --json`. */

import type { FailedAttempt } from '#runtime/consumer/index.ts'
import type { FoundDeadLetter } from '../../lib/failures/dlq-record.ts'
import type { RedriveOutlook } from '../../lib/operations/dead-letters/preview.ts'
import {
  type DeadLetterSummary,
  toDeadLetterSummary,
} from '../../lib/queries/dead-letters/dead-letter-records.ts'
import {
  type BytesView,
  type HeaderView,
  toBytesView,
  toHeaderView,
} from '../../lib/queries/records/bytes-view.ts'
import { formatTimestamp } from '../../lib/queries/records/record-view.ts'

/** Dead letter in a list. */
export interface DeadLetterLine extends Omit<DeadLetterSummary, 'partition' | 'offset'> {
  /** Partition and offset in the dlq topic, in the form that `dlq show` accepts. */
  readonly at: string
}

/** JSON document about one dead letter. */
export interface DeadLetterReport extends DeadLetterLine {
  readonly routedBecause: string
  readonly firstFailedAt: string
  readonly originalTime: string | null
  /** Previous attempts, oldest first. */
  readonly history: readonly FailedAttempt[]
  readonly redrive: RedriveOutlook
  readonly traceparent: string | null
  readonly key: BytesView | null
  readonly headers: readonly HeaderView[]
  readonly value: BytesView | null
}

export function toDeadLetterLine({ partition, offset, ...summary }: DeadLetterSummary): DeadLetterLine {
  return { at: `${partition}@${offset}`, ...summary }
}

export function buildDeadLetterReport(found: FoundDeadLetter, redrive: RedriveOutlook): DeadLetterReport {
  const { deadLetter, event, original } = found
  return {
    ...toDeadLetterLine(toDeadLetterSummary(found, redrive.handled ?? undefined)),
    routedBecause: deadLetter.routedBecause,
    firstFailedAt: deadLetter.firstFailedAt,
    originalTime: formatTimestamp(deadLetter.originalTimestamp),
    history: deadLetter.history,
    redrive,
    traceparent: event.extensions?.traceparent ?? null,
    key: original.key && toBytesView(original.key),
    headers: original.headers.map(({ name, value }) => toHeaderView([name, value])),
    value: original.value && toBytesView(original.value),
  }
}
