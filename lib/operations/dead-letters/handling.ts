/** Request to redrive or drop dead letters, and what is prepared for it. */

import type { Connections } from '#runtime/functions/connections'
import type { DeadLetterSource } from '../../queries/dead-letters/dead-letters.ts'
import type { RedriveTopics, RequestedHandling } from '../../queries/dead-letters/redrive-decision.ts'
import type { Environment } from '../../questions/environment.ts'
import { readRedriveTopics } from '../../questions/redrive-topics.ts'
import { quoteWord } from '../../support/escape-text.ts'
import { formatFilter, type Selected, type Selection, selectDeadLetters } from './selection.ts'

export interface HandlingRequest extends RequestedHandling, Selection {
  /** Maximum number of dead letters per second. */
  readonly perSecond?: number | undefined
}

/** Prepared operation, which can be previewed or run. */
export interface Handling extends Selected {
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
  const { connections } = environment
  const topics = await readRedriveTopics(environment)
  const letters = await environment.letters()
  const selected = await selectDeadLetters(letters, request, stop)
  return { ...selected, request, letters, topics, connections, stop }
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
