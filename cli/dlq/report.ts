/** What `dlq list --json` and `dlq show --json` print of a dead letter. Pure. */
import type { RedriveOutlook } from '../../lib/operations/dead-letters/outlook.ts'
import { type BytesView, bytesView } from '../../lib/queries/bytes-view.ts'
import {
  type BrokenDeadLetter,
  type DeadLetterSummary,
  deadLetterSummary,
  type FoundDeadLetter,
} from '../../lib/queries/dead-letters.ts'
import type { FailedAttempt } from '../../lib/runtime/consumer/failure-event.ts'
import { instant } from '../../lib/runtime/consumer/instant.ts'

/** Of each dead letter in a list. */
export interface DeadLetterLine extends Omit<DeadLetterSummary, 'partition' | 'offset'> {
  /** Partition and offset in the dlq topic, as `dlq show` takes it. */
  readonly at: string
}

/** Of one that cannot be read. */
export interface BrokenLine {
  readonly at: string
  /** RFC 3339. */
  readonly writtenAt: string
  readonly why: string
}

export function brokenLine({ partition, offset, writtenAtMs, why }: BrokenDeadLetter): BrokenLine {
  return { at: `${partition}@${offset}`, writtenAt: instant(writtenAtMs), why }
}

/** Of one dead letter. */
export interface DeadLetterReport extends DeadLetterLine {
  readonly routedBecause: string
  readonly firstFailedAt: string
  readonly originalTime: string
  /** The attempts before this one, the oldest first. */
  readonly history: readonly FailedAttempt[]
  readonly redrive: RedriveOutlook
  readonly traceparent: string | null
  readonly key: BytesView | null
  readonly headers: readonly ({ readonly name: string } & BytesView)[]
  readonly value: BytesView | null
}

export function summaryOf({ partition, offset, ...summary }: DeadLetterSummary): DeadLetterLine {
  return { at: `${partition}@${offset}`, ...summary }
}

export function reportOf(found: FoundDeadLetter, redrive: RedriveOutlook): DeadLetterReport {
  const { deadLetter, event, original } = found
  return {
    ...summaryOf(deadLetterSummary(found, redrive.handled ?? undefined)),
    routedBecause: deadLetter.routedBecause,
    firstFailedAt: deadLetter.firstFailedAt,
    originalTime: instant(deadLetter.originalTimestamp),
    history: deadLetter.history,
    redrive,
    traceparent: event.extensions?.traceparent ?? null,
    key: original.key && bytesView(original.key),
    headers: original.headers.map(({ name, value }) => ({ name, ...bytesView(value) })),
    value: original.value && bytesView(original.value),
  }
}
