/** Reports of `dlq list --json` and `dlq show --json`. */

import { type FailedAttempt, instant } from '#runtime/consumer/index.ts'
import type { FoundDeadLetter } from '../../lib/failures/dlq-record.ts'
import type { RedriveOutlook } from '../../lib/operations/dead-letters/preview.ts'
import type { DeadLetterCounts } from '../../lib/queries/dead-letters/dead-letter-pages.ts'
import {
  type DeadLetterSummary,
  formatPlace,
  toDeadLetterSummary,
} from '../../lib/queries/dead-letters/dead-letter-records.ts'
import type { DeadLettersNow, PlacedRow } from '../../lib/queries/dead-letters/dead-letters.ts'
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

/** Unreadable dead letter in a list. */
interface BrokenLine {
  readonly at: string
  /** Time of writing, RFC 3339. */
  readonly writtenAt: string
  readonly why: string
}

/** Page of a list. */
export interface DeadLetterListReport {
  readonly env: string
  readonly deadLetters: readonly DeadLetterLine[]
  readonly broken: readonly BrokenLine[]
  readonly counts: DeadLetterCounts
  /** Where the list was read from: the table of open dead letters, or all records of the topic. */
  readonly from: DeadLettersNow['from']
  /** Reason why the table could not be used although it was requested; null otherwise. */
  readonly withoutTable: string | null
  /** Number of open dead letters that were removed from the table to make room for newer ones. */
  readonly left: number
}

interface ListedPage extends Pick<DeadLettersNow, 'from' | 'withoutTable' | 'left'> {
  readonly deadLetters: readonly DeadLetterSummary[]
  readonly broken: readonly Extract<PlacedRow, { kind: 'broken' }>[]
  readonly counts: DeadLetterCounts
}

export function buildListReport(env: string, page: ListedPage): DeadLetterListReport {
  const { deadLetters, broken, counts, from, withoutTable = null, left } = page
  return {
    env,
    deadLetters: deadLetters.map(toDeadLetterLine),
    broken: broken.map(row => ({ at: formatPlace(row), writtenAt: instant(row.writtenAtMs), why: row.why })),
    ...{ counts, from, withoutTable, left },
  }
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
