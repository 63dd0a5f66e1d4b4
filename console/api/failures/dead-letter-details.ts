/** A single dead letter: its failed attempts, the expected result of a redrive, and the original record. */

import { FAILURES, type FailedAttempt } from '#runtime/consumer/index.ts'
import { type FoundDeadLetter, originalEvent } from '../../../lib/failures/dlq-record.ts'
import { previewRedrive, type RedriveOutlook } from '../../../lib/operations/dead-letters/preview.ts'
import { readRedriveTopics } from '../../../lib/operations/dead-letters/redrive-topics.ts'
import { parseName } from '../../../lib/operations/dead-letters/selection.ts'
import {
  type DeadLetterAnswer,
  type DeadLetterSummary,
  findDeadLetter,
  toDeadLetterSummary,
} from '../../../lib/queries/dead-letters/dead-letter-records.ts'
import { formatTimestamp } from '../../../lib/queries/records/record-view.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { declareQuery } from '../../http/declare-route.ts'
import { ProblemError } from '../../http/problem.ts'
import { PLACE } from './dead-letter-conditions.ts'

/** Beginning of the key, value or a header of a record. */
export interface PartOfRecord {
  /** Full size in bytes. */
  readonly bytes: number
  /** Beginning of the content, as Base64. */
  readonly base64: string
}

export interface ShownDeadLetter extends Omit<DeadLetterSummary, 'partition' | 'offset'> {
  readonly at: string
  readonly writtenAtMs: number
  /** Meaning of the failure code; null if this version does not define the code. */
  readonly means: string | null
  readonly routedBecause: string
  readonly firstFailedAt: string
  readonly originalTime: string | null
  /** Earlier attempts, oldest first. */
  readonly history: readonly FailedAttempt[]
  readonly redrive: RedriveOutlook
  /** Id and trace id of the failed event; null if the record is not an event or has no trace context. */
  readonly eventId: string | null
  readonly traceId: string | null
  readonly key: PartOfRecord | null
  readonly value: PartOfRecord | null
  /** A header that counts as absent has null. */
  readonly headers: readonly { readonly name: string; readonly value: PartOfRecord | null }[]
}

/** Maximum number of bytes shown per part. */
const SHOWN_BYTES = 64 * 1024
const SHOWN_HEADER_BYTES = 4 * 1024
/** Time limit for finding out how a dead letter was handled, in milliseconds. The whole topic may have to be searched. */
const PATIENCE_MS = 15_000

export function declareDeadLetterRoutes(environment: ConsoleEnvironment) {
  return {
    '/failures/letter': declareQuery({ at: PLACE }, ({ at }) => showDeadLetter(environment, at)),
  }
}

async function showDeadLetter(environment: ConsoleEnvironment, at: string): Promise<ShownDeadLetter> {
  const { found, handled } = await requireDeadLetter(environment, at)
  const topics = await readRedriveTopics(environment.connections, environment.config, environment.consumers)
  return toShownDeadLetter(found, previewRedrive(environment.config.families, found, handled, topics))
}

async function requireDeadLetter(
  environment: ConsoleEnvironment,
  at: string,
): Promise<Extract<DeadLetterAnswer, { kind: 'found' }>> {
  const timeout = AbortSignal.timeout(PATIENCE_MS)
  const answer = await findDeadLetter(await environment.letters(), parseName(at), timeout).catch(throwTooLong)
  if (answer.kind === 'found') return answer
  throw new ProblemError(
    'not-found',
    describeMissing(at, answer.kind === 'broken' ? answer.broken.why : answer.kind),
  )
}

function describeMissing(at: string, why: string): string {
  if (why === 'none')
    return `The dead letter at ${at} no longer exists: the topic's retention period has passed.`
  if (why === 'other-record') return `The record at ${at} is not a dead letter.`
  return `The dead letter at ${at} is broken: ${why}. It can only be dropped. The Kafka pages show its record.`
}

function throwTooLong(error: unknown): never {
  if ((error as Error).name !== 'TimeoutError') throw error
  throw new ProblemError(
    'unavailable',
    'The dead letter is not open, and the topic is too large to find out in time how it was handled. Use `sluice dlq show`, which has no time limit.',
  )
}

function toShownDeadLetter(found: FoundDeadLetter, outlook: RedriveOutlook): ShownDeadLetter {
  const { deadLetter, original, writtenAtMs } = found
  const { partition, offset, ...summary } = toDeadLetterSummary(found, outlook.handled ?? undefined)
  const event = originalEvent(found)
  const traceparent = event?.extensions?.traceparent ?? found.event.extensions?.traceparent
  return {
    at: `${partition}@${offset}`,
    ...summary,
    writtenAtMs,
    means: findMeaning(summary.code),
    routedBecause: deadLetter.routedBecause,
    firstFailedAt: deadLetter.firstFailedAt,
    originalTime: formatTimestamp(deadLetter.originalTimestamp),
    history: deadLetter.history,
    redrive: outlook,
    eventId: event?.id ?? null,
    traceId: /^[\da-f]{2}-([\da-f]{32})-/.exec(String(traceparent ?? ''))?.[1] ?? null,
    key: original.key && toPart(original.key, SHOWN_BYTES),
    value: original.value && toPart(original.value, SHOWN_BYTES),
    headers: original.headers.map(({ name, value }) => ({
      name,
      value: value && toPart(value, SHOWN_HEADER_BYTES),
    })),
  }
}

function toPart(bytes: Buffer, shown: number): PartOfRecord {
  return { bytes: bytes.length, base64: bytes.subarray(0, shown).toString('base64') }
}

/** Returns the meaning of a failure code; null for a code that this version does not define. */
function findMeaning(code: string): string | null {
  return code in FAILURES ? FAILURES[code as keyof typeof FAILURES].description : null
}
