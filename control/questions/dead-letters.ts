import { FAILURES, formatEntity } from '#runtime/consumer'
import { oneOf } from '#runtime/settings'
import { formatKey } from '../../lib/failures/dead-letter-row.ts'
import { type FoundDeadLetter, type HandledAction, originalEvent } from '../../lib/failures/dlq-record.ts'
import { DeadLetters, type DeadLettersNow, type PlacedRow } from '../../lib/log/dead-letters.ts'
import { count as countText } from '../../lib/support/count.ts'
import {
  type DeadLetterCounts,
  type DeadLetterFilter,
  listNewestDeadLetters,
} from '../queries/dead-letters/dead-letter-pages.ts'
import { formatPlace, parsePlace, readDeadLetters } from '../queries/dead-letters/dead-letter-records.ts'
import { toFlatEvent } from '../queries/records/flat-document.ts'
import { column, count, type Tone } from './column.ts'
import { type Environment, Kept } from './environment.ts'
import {
  choiceField,
  type Filter,
  listDistinct,
  offerNames,
  requireOrder,
  textField,
  timeField,
} from './field.ts'
import { type Limits, question } from './question.ts'

/** Conditions for dead letters, of lists and of operations. */
export const DEAD_LETTER_FIELDS = {
  code: offerNames(textField('only failures of this code', 'schema-violated', oneOf(Object.keys(FAILURES)))),
  consumer: offerNames(textField('only failures of this consumer', 'processor')),
  entity: textField(
    'only failures of this entity: source, a space and subject, or the subject; of a record that is no reading, by its key',
    'roof-1',
  ),
  type: offerNames(textField('only events of this CloudEvents type', 'io.sluice.…')),
  since: timeField('only dead letters written since'),
  until: timeField('only dead letters written before'),
}

/** Number of newest records per partition that a page searches for handled dead letters. The table has only open ones. */
const NEWEST = 4_000
/** Number of rows that are kept for the next answer of a page, because reading a dead letter means reading its whole record. */
const MAX_KEPT = 2_000

export const NO_DEAD_LETTERS =
  'There are no matching dead letters. All records were processed, or their failures were handled.'

export const DEAD_LETTERS = question({
  title: 'Dead letters',
  ofFlow: 'all',
  about: `List dead letters, the newest first, with the failed record, the consumer and the reason.

AT is the position in the dlq topic, by which other commands identify a dead letter. A record that failed alike in several
consumers is one row with a dead letter of each. Those that were redriven or dropped are omitted. The list is read from the table of open dead letters or, if Redis does not answer, from the topic
itself. For older ones, use --until or a higher --limit.`,
  more: `
Examples:
  sluice dlq list --since 1h
  sluice dlq list --code schema-violated --consumer alerting --json`,
  filter: {
    state: choiceField(['open', 'handled', 'all'], 'open, redriven or dropped, or all', 'open'),
    ...DEAD_LETTER_FIELDS,
  },
  async read(environment, { state = 'open', ...conditions }, limits) {
    const filter = { ...toDeadLetterFilter(conditions), state, limit: limits.most }
    const now = await readDeadLettersNow(environment, state === 'open', limits)
    const { rows, counts } = listNewestDeadLetters(environment.config.families, now, filter)
    const letters = rows.filter(row => row.kind === 'letter').toReversed()
    const summaries = await readSummaries(environment, letters)
    return {
      rows: letters.flatMap(({ handled, ...row }) => {
        const summary = summaries.get(formatPlace(row))
        return summary ? [{ ...summary, ...judge(summary, handled) }] : []
      }),
      more: counts.total - letters.length,
      notes: describeLetters(counts, rows, now),
    }
  },
}).shownAs({
  key: 'at',
  columns: [
    column('at', { heading: 'At', link: 'letter', collects: true, page: { below: 'failedAt' } }),
    column('entity', {
      ...{ type: 'entity', none: 'unknown', terminal: { least: 12, leaveOut: 5 } },
      page: { otherwise: 'originalKey' },
    }),
    column('failedAt', { heading: 'Failed at', type: 'time', terminal: { leaveOut: 3 } }),
    column('code'),
    column('consumer', { collects: true, terminal: { leaveOut: 4 } }),
    column('originalKey', {
      ...{ heading: 'Key', none: 'no key', only: 'terminal', terminal: { least: 8, leaveOut: 7 } },
    }),
    column('record', { terminal: { leaveOut: 2 }, page: { below: 'entity' } }),
    count('attempt', { terminal: { leaveOut: 1 } }),
    column('state', { tone: 'tone', terminal: { leaveOut: 6 } }),
    column('error', { terminal: { least: 40 } }),
  ],
  empty: NO_DEAD_LETTERS,
  page: { most: 200, withinMs: 2_000, values: readKnownConditions },
  terminal: { usual: 50, flat: readFlatLetters },
})

/** Returns the values that conditions can have for open dead letters. */
export async function readKnownConditions(environment: Environment) {
  const { rows } = await readDeadLettersNow(environment, true, { mostRecords: NEWEST, withinMs: 2_000 })
  const letters = rows.filter(row => row.kind === 'letter')
  return {
    code: listDistinct(letters.map(({ code }) => code)),
    consumer: listDistinct(letters.map(({ consumer }) => consumer)),
    type: listDistinct(letters.map(({ type }) => type)),
    entity: listDistinct(letters.map(({ entity, key }) => entity ?? key)),
  }
}

/** Reads dead letters again, as flat documents. */
export async function readFlatLetters(
  environment: Environment,
  rows: readonly Pick<ListedDeadLetter, 'at'>[],
): Promise<readonly object[]> {
  const { log, topic } = await environment.letters()
  const places = rows.flatMap(({ at }) => parsePlace(at) ?? [])
  return (await readDeadLetters(log, topic, places)).map(({ event }) => toFlatEvent(event))
}

/** Returns the filter for dead letters. @throws Failure if `until` is not after `since` */
export function toDeadLetterFilter({
  since,
  until,
  ...same
}: Filter<typeof DEAD_LETTER_FIELDS>): DeadLetterFilter {
  requireOrder({ since, until })
  return { ...same, sinceMs: since, untilMs: until }
}

/** Dead letter without the original bytes of the failed record. */
export interface ListedDeadLetter {
  /** Position in the dlq topic, such as `2@17`. */
  readonly at: string
  readonly id: string
  /** Time at which the record failed, RFC 3339. */
  readonly failedAt: string
  readonly code: string
  readonly class: string
  readonly consumer: string
  readonly attempt: number
  /** Position of the failed record, such as `readings/3@17`. */
  readonly record: string
  readonly originalTopic: string
  readonly originalPartition: number
  readonly originalOffset: number
  /** Key of the failed record as text, shortened if it is long; null if it has none. */
  readonly originalKey: string | null
  /** Entity of the failed event: source and subject, separated by a space. Null if the event cannot be decoded. */
  readonly entity: string | null
  /** CloudEvents `type` of the failed event; null if it cannot be decoded. */
  readonly type: string | null
  readonly error: string
  readonly quarantined: boolean
}

export function toListedDeadLetter(
  environment: Pick<Environment, 'findSignal'>,
  found: FoundDeadLetter,
): ListedDeadLetter {
  const { failedAt, errorType, consumer, attempt, error, quarantined, ...failure } = found.deadLetter
  const { originalTopic, originalPartition, originalOffset } = failure
  const event = originalEvent(found)
  return {
    at: formatPlace(found),
    id: found.id,
    failedAt,
    code: errorType,
    class: failure.class,
    consumer,
    attempt,
    record: `${environment.findSignal(originalTopic) ?? originalTopic}/${originalPartition}@${originalOffset}`,
    originalTopic,
    originalPartition,
    originalOffset,
    originalKey: formatKey(found),
    entity: event ? formatEntity(event).trim() : null,
    type: event?.type ?? null,
    error,
    quarantined,
  }
}

/** Returns the state of a dead letter. @param handled action by which it was handled; null if it is open */
export function judge({ quarantined }: ListedDeadLetter, handled: HandledAction | null = null) {
  const tone: Tone = handled === null && quarantined ? 'bad' : 'plain'
  return { handled, state: handled ?? (quarantined ? 'quarantined' : 'open'), tone }
}

/** Returns the sentence for names to which no dead letter belongs. */
export function describeMissing({ config }: Pick<Environment, 'config'>, names: readonly string[]): string {
  return `No dead letter ${names.join(', ')} in "${config.env}", or its retention has ended: \`sluice dlq list\` lists the dead letters.`
}

const OPEN_LETTERS = new Kept<DeadLetters>()
const ALL_LETTERS = new Kept<DeadLetters>()
const LISTED_LETTERS = new Kept<Map<string, ListedDeadLetter>>()

/**
 * Reads the current dead letters. An environment keeps them, so that a page that asks again reads only what is new.
 *
 * @param isOpen true for open dead letters, which a table has
 */
export function readDeadLettersNow(
  environment: Environment,
  isOpen: boolean,
  limits: Pick<Limits, 'mostRecords' | 'withinMs' | 'stop'>,
): Promise<DeadLettersNow> {
  const { withinMs = Number.POSITIVE_INFINITY, stop } = limits
  const newest = Number.isFinite(limits.mostRecords) ? { newest: NEWEST } : {}
  const kept = environment.keep(isOpen ? OPEN_LETTERS : ALL_LETTERS, async () => {
    return new DeadLetters(await environment.letters(), isOpen ? {} : { withHandled: true, ...newest })
  })
  const untilMs = performance.now() + withinMs
  return kept.then(letters => letters.look(() => performance.now() < untilMs, stop))
}

/** Returns dead letters with their failures, by position. An environment keeps the last ones. */
export async function readSummaries(
  environment: Environment,
  rows: readonly PlacedRow[],
): Promise<ReadonlyMap<string, ListedDeadLetter>> {
  const kept = await environment.keep(LISTED_LETTERS, async () => new Map())
  const { log, topic } = await environment.letters()
  const unread = rows.filter(row => !kept.has(formatPlace(row)))
  for (const letter of await readDeadLetters(log, topic, unread))
    kept.set(formatPlace(letter), toListedDeadLetter(environment, letter))
  const found = new Map(kept)
  for (const at of kept.keys()) if (kept.size > MAX_KEPT) kept.delete(at)
  return found
}

/** Returns sentences about dead letters, of which `rows` are the newest. */
export function describeLetters(
  counts: DeadLetterCounts,
  rows: readonly PlacedRow[],
  now: DeadLettersNow,
): string[] {
  const broken = rows.filter(row => row.kind === 'broken')
  return [...describeCounts(counts), ...describeBroken(counts, broken), ...describeSource(now)]
}

function describeCounts({ total, codes, quarantined }: DeadLetterCounts): string[] {
  if (total < 2) return []
  const byCode = Object.entries(codes).map(([code, own]) => `${code} ${own}`)
  return [`Codes: ${byCode.join(', ')}${quarantined > 0 ? `; ${quarantined} of them quarantined` : ''}`]
}

function describeBroken({ broken: total }: DeadLetterCounts, broken: readonly PlacedRow[]): string[] {
  if (total === 0) return []
  const last = total > broken.length ? `, of which the last ${broken.length}` : ''
  return [
    `${total} unreadable, which can only be dropped; show them with sluice consume --topic dlq${last}:`,
    ...broken.map(row => `  ${formatPlace(row)}  ${row.kind === 'broken' ? row.why : ''}`),
  ]
}

function describeSource({ withoutTable, left, pending }: DeadLettersNow): string[] {
  return [
    ...(withoutTable === undefined
      ? []
      : [`Read from all records of the topic, because the table cannot be read: ${withoutTable}`]),
    ...(left > 0
      ? [
          `Up to ${left} older dead letters are open, but not in the table: choose the state all to read them from the topic.`,
        ]
      : []),
    ...(pending > 0 ? [`The list is incomplete: ${countText(pending, 'record')} are still being read.`] : []),
  ]
}
