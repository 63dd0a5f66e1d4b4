/** One dead letter: its attempts, the outcome of a redrive, and the record that failed. */
import { FAILURES, type FailedAttempt } from '#runtime/consumer'
import { Unavailable } from '#runtime/pipeline'
import { originalEvent } from '../../lib/failures/dlq-record.ts'
import type { DeadLetter } from '../../lib/failures/dlq-router.ts'
import { toBytes } from '../../lib/support/content.ts'
import { Failure } from '../../lib/support/failure.ts'
import { type DeadLetterAnswer, findDeadLetter } from '../queries/dead-letters/dead-letter-records.ts'
import {
  LEFT_OUT,
  previewRedrive,
  type RedriveOutlook,
  type RedriveTopics,
} from '../queries/dead-letters/redrive-decision.ts'
import { toContent } from '../queries/records/bytes-view.ts'
import { formatTimestamp } from '../queries/records/record-view.ts'
import { column, count } from './column.ts'
import { describeMissing, judge, readFlatLetters, toListedDeadLetter } from './dead-letters.ts'
import type { Environment } from './environment.ts'
import { nameField } from './field.ts'
import { createSignal, type Limits, question } from './question.ts'
import { readRedriveTopics } from './redrive-topics.ts'

/** Maximum number of bytes that a page shows of a key or a value, and of a header. */
const PAGE_BYTES = [64 * 1024, 4 * 1024] as const

export const DEAD_LETTER = question({
  title: 'Dead letter',
  about: `Show a dead letter: the reasons of its failures, the target of a redrive, and the original key, headers and value.

Text is shown as text, JSON indented, and anything else as a hex dump.`,
  more: `
Examples:
  sluice dlq show 2@17
  sluice dlq show 2@17 --raw > value.bin`,
  filter: { at: nameField('position PARTITION@OFFSET as shown by `sluice dlq list`, or id') },
  async read(environment, { at }, limits) {
    const letters = await environment.letters()
    const answer = await findDeadLetter(letters, at, createSignal(limits)).catch(explainTimeout)
    if (answer.kind !== 'found') throw missingLetter(environment, at, answer)
    const topics = await readRedriveTopics(environment)
    return { rows: [describeDeadLetter(environment, answer, topics, limits)] }
  },
}).shownAs({
  key: 'at',
  columns: [
    column('id'),
    column('state', { tone: 'tone' }),
    column('code'),
    column('class'),
    column('error'),
    column('means', { heading: 'Meaning of the code' }),
    column('routedBecause', { heading: 'Not retried because' }),
    column('consumer'),
    column('failedAt', { type: 'time' }),
    count('attempt'),
    column('firstFailedAt', { type: 'time' }),
    column('writtenAt', { heading: 'Dead letter since', type: 'time' }),
    column('record', { link: 'messages', linkBy: ['originalTopic', 'originalPartition', 'originalOffset'] }),
    column('originalTime', { heading: 'Written at', type: 'time', none: 'no timestamp' }),
    column('entity', { type: 'entity', none: 'unknown: the record cannot be read as an event' }),
    column('type', { none: 'unknown' }),
    column('eventId', { heading: 'Event' }),
    column('traceId', { heading: 'Trace' }),
    column('redrive'),
    column('key', { type: 'content', none: 'none' }),
    column('value', { type: 'content', none: 'none' }),
  ],
  sections: [
    {
      of: 'attempts',
      title: 'Attempts',
      key: 'attempt',
      columns: [
        count('attempt'),
        column('failedAt', { type: 'time', terminal: { leaveOut: 1 } }),
        column('code'),
        column('error', { terminal: { least: 40 } }),
        column('then', { none: 'dead letter', terminal: { least: 20 } }),
      ],
      empty: '',
    },
    {
      of: 'headers',
      title: 'Headers',
      key: 'index',
      columns: [
        column('name', { terminal: { least: 12 } }),
        column('value', { type: 'content', none: 'null', terminal: { least: 20 } }),
      ],
      empty: 'The record has no headers.',
    },
  ],
  empty: '',
  // The whole topic may have to be searched for how a dead letter was handled.
  page: { withinMs: 15_000 },
  terminal: {
    flat: readFlatLetters,
    raw({ at, value }) {
      if (value === null) throw new Failure(`The record of ${at} had no value.`)
      return toBytes(value)
    },
  },
})

/** Describes a dead letter, with the whole record or, for a page, its beginning. Pure. */
export function describeDeadLetter(
  environment: Pick<Environment, 'config' | 'findSignal'>,
  { found, handled }: Extract<DeadLetterAnswer, { kind: 'found' }>,
  topics: RedriveTopics,
  { withinMs }: Pick<Limits, 'withinMs'>,
) {
  const { deadLetter, original } = found
  const listed = toListedDeadLetter(environment, found)
  const outlook = previewRedrive(environment.config.families, found, topics)
  const event = originalEvent(found)
  const traceparent = event?.extensions?.traceparent ?? found.event.extensions?.traceparent
  const [most, mostOfHeader] = withinMs === undefined ? [] : PAGE_BYTES
  return {
    ...listed,
    ...judge(listed, handled),
    writtenAt: formatTimestamp(found.writtenAtMs),
    means: findMeaning(deadLetter),
    routedBecause: deadLetter.routedBecause,
    firstFailedAt: deadLetter.firstFailedAt,
    originalTime: formatTimestamp(deadLetter.originalTimestamp),
    eventId: event?.id ?? null,
    traceId: /^[\da-f]{2}-([\da-f]{32})-/.exec(String(traceparent))?.[1] ?? null,
    redrive: describeOutlook(outlook),
    redriveTo: outlook.to,
    leftOut: outlook.leftOut,
    key: original.key && toContent(original.key, most),
    value: original.value && toContent(original.value, most),
    attempts: [...deadLetter.history, deadLetter].map(describeAttempt),
    headers: original.headers.map(({ name, value }, index) => ({
      index,
      name,
      value: value && toContent(value, mostOfHeader),
    })),
  }
}

function explainTimeout(error: unknown): never {
  if ((error as Error).name !== 'TimeoutError') throw error
  throw new Unavailable(
    'broker-unavailable',
    'The dead letter is not open, and the topic is too large to find out in time how it was handled. Use `sluice dlq show`, which has no time limit.',
  )
}

function missingLetter(
  environment: Environment,
  at: string,
  answer: Exclude<DeadLetterAnswer, { kind: 'found' }>,
): Failure {
  if (answer.kind === 'none') return new Failure(describeMissing(environment, [at]), { isMissing: true })
  const why =
    answer.kind === 'broken' ? `broken, and can only be dropped: ${answer.broken.why}` : 'not a dead letter'
  return new Failure(
    `The record at ${at} is ${why}. \`sluice consume --topic dlq --from start\` and the Kafka pages of the console show it.`,
    {
      isMissing: true,
    },
  )
}

/** Returns the meaning of a failure code; null if the reason for the routing says it, or for a code that this version does not define. */
function findMeaning({ errorType, routedBecause }: DeadLetter): string | null {
  if (!Object.hasOwn(FAILURES, errorType)) return null
  const { description } = FAILURES[errorType as keyof typeof FAILURES]
  return description === routedBecause ? null : description
}

function describeOutlook({ to, leftOut }: RedriveOutlook): string {
  if (leftOut !== null) return `skipped, because it is ${LEFT_OUT[leftOut]}`
  return `to ${to.topic}/${to.partition} for ${to.consumer}, as attempt ${to.attempt}`
}

function describeAttempt(
  { attempt, failedAt, errorType, error, redrivenBy, redrivenAt }: FailedAttempt,
  index: number,
  all: readonly unknown[],
) {
  const by = redrivenBy && `redriven by ${redrivenBy}${redrivenAt ? ` at ${redrivenAt}` : ''}`
  const then = index === all.length - 1 ? null : (by ?? 'retried automatically')
  return { attempt, failedAt, code: errorType, error, then }
}
