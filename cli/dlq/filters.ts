/** Options that select dead letters. Several commands share them. */

import { FAILURES, instant } from '#runtime/consumer/index.ts'
import { oneOf } from '#runtime/settings/index.ts'
import type { DeadLetterFilter } from '../../lib/queries/dead-letters/dead-letter-pages.ts'
import { option, SOME_TEXT, TIME_OR_AGO, type ValuesOf } from '../command.ts'
import { usageFailure } from '../failure.ts'

const TIME = 'an RFC 3339 time, or a duration before now'

export const FILTERS = {
  code: option('<code>', 'only failures of this code', oneOf(Object.keys(FAILURES))),
  consumer: option('<name>', 'only failures of this consumer', SOME_TEXT),
  entity: option(
    '<entity>',
    'only failures of this entity: source, a space and subject, or the subject; of a record that is no reading, by its key',
    SOME_TEXT,
  ),
  type: option('<type>', 'only events of this CloudEvents type', SOME_TEXT),
  since: option('<time>', `only dead letters written since: ${TIME}`, TIME_OR_AGO),
  until: option('<time>', `only dead letters written before: ${TIME}`, TIME_OR_AGO),
}

const FILTER_NAMES = Object.keys(FILTERS) as (keyof typeof FILTERS)[]

/** Rules of commands that handle either specified dead letters or those that the filters select. */
export const SELECTION_RULES = {
  conflicts: [['at', ...FILTER_NAMES]],
  requiresOneOf: [['at', ...FILTER_NAMES]],
} as const

export type FilterOptions = ValuesOf<typeof FILTERS>

/**
 * Returns the filter that the options describe.
 *
 * @throws OperationFailure if `since` is not before `until`
 */
export function buildFilter({ since, until, code, consumer, entity, type }: FilterOptions): DeadLetterFilter {
  if (since !== undefined && until !== undefined && since >= until)
    throw usageFailure(`--since ${instant(since)} is not before --until ${instant(until)}.`)
  return { code, consumer, entity, type, sinceMs: since, untilMs: until }
}
