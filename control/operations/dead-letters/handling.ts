/** Request to redrive or drop dead letters, and what is prepared for it. */

import { instant } from '#runtime/consumer'
import type { Connections } from '#runtime/functions/connections'
import { type DeadLetterSource, DeadLetters, type PlacedRow } from '../../../lib/log/dead-letters.ts'
import { quoteWord } from '../../../lib/support/escape-text.ts'
import {
  createFilter,
  type DeadLetterFilter,
  isWritten,
} from '../../queries/dead-letters/dead-letter-pages.ts'
import { listNames } from '../../queries/dead-letters/dead-letter-records.ts'
import type { RedriveTopics, RequestedHandling } from '../../queries/dead-letters/redrive-decision.ts'
import type { ClockAndIds, Environment } from '../../questions/environment.ts'
import { readRedriveTopics } from '../../questions/redrive-topics.ts'

export interface HandlingRequest extends RequestedHandling, Selection {
  /** Maximum number of dead letters per second. */
  readonly perSecond?: number | undefined
}

/** Prepared operation, which can be previewed or run. */
export interface Handling extends Selected, ClockAndIds {
  readonly request: HandlingRequest
  readonly letters: DeadLetterSource
  /** Topics to which records can be redriven. */
  readonly topics: RedriveTopics
  readonly connections: Pick<Connections, 'kafka' | 'redis'>
  /** Signal that ends the run or the preview after the current batch. */
  readonly stop: AbortSignal
}

/**
 * Selects the dead letters of a request, and reads the topics to which they can be redriven.
 *
 * @throws see `readRedriveTopics` and `selectDeadLetters`
 */
export async function prepareHandling(
  environment: Environment,
  request: HandlingRequest,
  stop: AbortSignal,
): Promise<Handling> {
  const { connections, nowMs, newId } = environment
  const topics = await readRedriveTopics(environment)
  const letters = await environment.letters()
  const selected = await selectDeadLetters(letters, request, stop)
  return { ...selected, request, letters, topics, connections, stop, nowMs, newId }
}

/**
 * Returns the request without dead letters that are written later, because they may result from this redrive. Dead letters that are
 * named exist already.
 */
export function excludeLater(request: HandlingRequest, nowMs: number): HandlingRequest {
  const { ats, filter } = request
  if (ats.length > 0) return request
  return { ...request, filter: { ...filter, untilMs: Math.min(filter.untilMs ?? nowMs + 1, nowMs + 1) } }
}

/** Returns the request as command-line options, for the audit event. */
export function formatRequest({
  filter,
  ats,
  perSecond,
  again,
}: HandlingRequest): Readonly<Record<string, string>> {
  return {
    ...formatFilter(filter),
    ...(perSecond === undefined ? {} : { rate: `${perSecond}/s` }),
    ...(again ? { again: 'yes' } : {}),
    ...(ats.length > 0 ? { at: ats.join(' ') } : {}),
  }
}

/**
 * Returns the shell command that continues a stopped request. Dead letters that are already handled are left out, because the dlq
 * topic records them.
 */
export function formatContinueCommand(
  { command, ats, filter, perSecond, again }: HandlingRequest,
  env: string,
): string {
  const conditions = ats.length > 0 ? {} : formatFilter(filter)
  const options = Object.entries({ ...conditions, ...(perSecond && { rate: `${perSecond}/s` }), env })
  const named = options.flatMap(([name, value]) => [`--${name}`, quoteWord(value)])
  return [
    'sluice dlq',
    command,
    ...ats.map(quoteWord),
    ...named,
    ...(again ? ['--again'] : []),
    '--yes',
  ].join(' ')
}

interface Selection {
  /** Positions or ids of dead letters; empty if the filter selects them. */
  readonly ats: readonly string[]
  readonly filter: DeadLetterFilter
}

/** Returns the conditions of a filter as command-line options. */
function formatFilter(filter: DeadLetterFilter): Readonly<Record<string, string>> {
  const { code, consumer, entity, type, sinceMs, untilMs } = filter
  const times = { since: sinceMs && instant(sinceMs), until: untilMs && instant(untilMs) }
  const named = Object.entries({ code, consumer, entity, type, ...times })
  return Object.fromEntries(named.flatMap(([name, value]) => (value ? [[name, value]] : [])))
}

interface Selected {
  /** Selected rows in the order of writing. Handled ones are included only if they are named. */
  readonly rows: readonly PlacedRow[]
  /** Names for which no dead letter exists. */
  readonly missing: readonly string[]
  /** Dead letters from which the rows were selected. */
  readonly all: Pick<DeadLetters, 'findOpen'>
}

/**
 * Selects dead letters, either by name or by conditions. They are read from the table of open dead letters. The table lacks handled
 * dead letters, and those that were removed to make room for newer ones. Only if the request may mean such a one, the whole topic is
 * read.
 *
 * @throws the signal's reason if the signal is aborted; otherwise see `readRecords`
 */
export async function selectDeadLetters(
  source: DeadLetterSource,
  { ats, filter }: Selection,
  stop?: AbortSignal,
): Promise<Selected> {
  const letters = new DeadLetters(source)
  const now = await letters.look(undefined, stop)
  const first = { ...selectRows(source, now.rows, { ats, filter }), all: letters }
  const { sinceMs = 0 } = filter
  const isPart =
    ats.length > 0 ? first.missing.length > 0 : now.wholeAfterMs !== undefined && sinceMs <= now.wholeAfterMs
  if (!isPart || now.from === 'topic') return first
  const all = new DeadLetters(source, { withHandled: true })
  const { rows } = await all.look(undefined, stop)
  return { ...selectRows(source, rows, { ats, filter }), all }
}

function selectRows(
  { families }: Pick<DeadLetterSource, 'families'>,
  rows: readonly PlacedRow[],
  { ats, filter }: Selection,
): Omit<Selected, 'all'> {
  const names = new Set(ats)
  const missing = new Set(ats)
  const isFitting = createFilter(families, filter)
  const isSelected = (row: PlacedRow) => {
    if (names.size === 0)
      return !row.handled && (row.kind === 'letter' ? isFitting(row) : isWritten(row, filter))
    const own = listNames(row).filter(name => names.has(name))
    for (const name of own) missing.delete(name)
    return own.length > 0
  }
  return { rows: rows.filter(isSelected), missing: [...missing] }
}
