/** Reasons of open dead letters: one row for each, with its newest dead letter as an example. */

import { formatContent } from '../../lib/support/content.ts'
import { count as countText } from '../../lib/support/count.ts'
import { listNewestDeadLetters } from '../queries/dead-letters/dead-letter-pages.ts'
import { formatPlace, parsePlace, readDeadLetters } from '../queries/dead-letters/dead-letter-records.ts'
import { toContent } from '../queries/records/bytes-view.ts'
import { column, count } from './column.ts'
import {
  DEAD_LETTER_FIELDS,
  describeLetters,
  type ListedDeadLetter,
  NO_DEAD_LETTERS,
  readDeadLettersNow,
  readKnownConditions,
  readSummaries,
  toDeadLetterFilter,
} from './dead-letters.ts'
import type { Environment } from './environment.ts'
import { listDistinct } from './field.ts'
import { question } from './question.ts'

/** Number of newest dead letters whose failures are read. */
const MOST_READ = 500
/** Number of bytes of a value that are shown. */
const EXAMPLE_BYTES = 160

export const DEAD_LETTER_REASONS = question({
  title: 'Reasons of failures',
  ofFlow: 'all',
  about: `List the reasons of open dead letters, the last one first: with their number, the first and the last failure, and the
newest record as an example.

Failures with the same code have the same reason if their messages differ only in numbers and quoted texts.`,
  more: `
Examples:
  sluice dlq reasons
  sluice dlq reasons --consumer intake --since 1d`,
  filter: DEAD_LETTER_FIELDS,
  async read(environment, conditions, limits) {
    const now = await readDeadLettersNow(environment, true, limits)
    const filter = { ...toDeadLetterFilter(conditions), limit: MOST_READ }
    const { rows: newest, counts } = listNewestDeadLetters(environment.config.families, now, filter)
    const letters = newest.filter(row => row.kind === 'letter').toReversed()
    const summaries = await readSummaries(environment, letters)
    const groups = groupByReason(letters.flatMap(row => summaries.get(formatPlace(row)) ?? []))
    const examples = await readExamples(
      environment,
      groups.map(({ at }) => at),
    )
    const left = counts.total - letters.length
    return {
      rows: groups.map(group => ({ ...group, example: examples.get(group.at) ?? null })),
      notes: [
        ...(left > 0 ? [`Not counted here: ${countText(left, 'older dead letter')}.`] : []),
        ...describeLetters(counts, newest, now),
      ],
    }
  },
}).shownAs({
  key: 'key',
  columns: [
    column('entity', {
      ...{ type: 'entity', none: 'unknown', terminal: { least: 12 } },
      page: { otherwise: 'originalKey' },
    }),
    column('others', { terminal: { leaveOut: 1 }, page: { below: 'entity' } }),
    column('error', { heading: 'Reason', link: 'letter', linkBy: ['at'], terminal: { least: 30 } }),
    column('example', { terminal: { least: 20, leaveOut: 2 }, page: { below: 'error' } }),
    column('code'),
    column('consumers', { type: 'list', page: { below: 'code' } }),
    count('letters', { heading: 'Dead letters', link: 'letters', linkBy: ['code'] }),
    column('firstAt', { heading: 'First', type: 'time', terminal: { leaveOut: 3 } }),
    column('lastAt', { heading: 'Last', type: 'time', terminal: { leaveOut: 4 } }),
    column('at', { heading: 'Example at', only: 'terminal' }),
  ],
  empty: NO_DEAD_LETTERS,
  page: { withinMs: 2_000, values: readKnownConditions },
})

/** Returns a row for each reason. @param letters dead letters, the newest first. Pure. */
export function groupByReason(letters: readonly ListedDeadLetter[]) {
  const groups = Map.groupBy(
    letters,
    ({ code, error }) => `${code} ${error.replaceAll(/"[^"]*"|'[^']*'|\d+/g, '…')}`,
  )
  return [...groups].map(([key, own]) => {
    const [{ at, entity, originalKey, error, code }] = own as [ListedDeadLetter]
    const times = own.map(({ failedAt }) => failedAt).sort()
    const others = new Set(own.map(letter => letter.entity ?? letter.originalKey)).size - 1
    return {
      ...{ key, at, entity, originalKey, others: others > 0 ? `and ${others} more` : null },
      ...{ error, code, consumers: listDistinct(own.map(({ consumer }) => consumer)), letters: own.length },
      ...{ firstAt: times[0] as string, lastAt: times.at(-1) as string },
    }
  })
}

/** Reads the values of records, by the positions of their dead letters. */
async function readExamples(environment: Environment, ats: readonly string[]) {
  const { log, topic } = await environment.letters()
  const found = await readDeadLetters(
    log,
    topic,
    ats.flatMap(at => parsePlace(at) ?? []),
  )
  return new Map(
    found.map(letter => {
      const { value } = letter.original
      return [formatPlace(letter), value && formatContent(toContent(value, EXAMPLE_BYTES))]
    }),
  )
}
