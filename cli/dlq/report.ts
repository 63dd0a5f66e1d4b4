/** The reports of `dlq list --json` and `dlq show --json`. Pure. */
import type { RedriveOutlook } from '../../lib/operations/dead-letters/outlook.ts'
import { type BytesView, bytesView } from '../../lib/queries/bytes-view.ts'
import type { DeadLetterList } from '../../lib/queries/dead-letter-list.ts'
import {
  type BrokenDeadLetter,
  type DeadLetterSummary,
  deadLetterSummary,
  type FoundDeadLetter,
} from '../../lib/queries/dead-letters.ts'
import type { FailedAttempt } from '../../packages/runtime/consumer/failure-event.ts'
import { instant } from '../../packages/runtime/consumer/instant.ts'

/** Of each dead letter in a list. */
export interface DeadLetterLine extends Omit<DeadLetterSummary, 'partition' | 'offset'> {
  /** Partition and offset in the dlq topic, as `dlq show` takes it. */
  readonly at: string
}

/** Of one that cannot be read. */
interface BrokenLine {
  readonly at: string
  /** RFC 3339. */
  readonly writtenAt: string
  readonly why: string
}

/** A page of a list. */
export interface DeadLetterListReport {
  readonly env: string
  readonly deadLetters: readonly DeadLetterLine[]
  readonly broken: readonly BrokenLine[]
  /** Null if not everything was read: `--count` does. */
  readonly counts: DeadLetterList['counts']
  /** The value of `--before` for the next page; null if this is the last one. */
  readonly before: string | null
}

export function listReport(env: string, { deadLetters, broken, counts, older }: DeadLetterList) {
  const before = older && [...older].map(([partition, offset]) => `${partition}@${offset}`).join(',')
  const lines = { deadLetters: deadLetters.map(summaryOf), broken: broken.map(brokenLine) }
  return { env, ...lines, counts, before } satisfies DeadLetterListReport
}

function brokenLine({ partition, offset, writtenAtMs, why }: BrokenDeadLetter): BrokenLine {
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
