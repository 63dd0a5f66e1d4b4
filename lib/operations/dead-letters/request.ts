/** Defines requests to redrive or drop dead letters. Pure. */

import { instant } from '../../../packages/runtime/consumer/instant.ts'
import type { HandledAction } from '../../failures/dlq-record.ts'
import type { DeadLetterFilter } from '../../queries/dead-letter-pages.ts'

export type Command = 'redrive' | 'drop'

/** Recorded action by command. It is written to the dlq topic and the audit log. */
export const ACTIONS: Readonly<Record<Command, HandledAction>> = { redrive: 'redriven', drop: 'dropped' }

/** Request of an operation. It is stored, so that the operation can be resumed. */
export interface HandlingRequest {
  readonly command: Command
  /** Positions or ids of dead letters; empty if the filter selects them. */
  readonly ats: readonly string[]
  readonly filter: DeadLetterFilter
  /** Maximum number of dead letters per second. */
  readonly perSecond?: number | undefined
  /** True to include dead letters that were redriven or dropped before. */
  readonly again?: boolean | undefined
  /** Patch of the event, as JSON for `readPatch`. Allowed only for redriving a single dead letter that is named. */
  readonly patch?: string | undefined
}

/**
 * Returns the conditions of a filter as command-line options. They are used in the audit event, and in the command that resumes the
 * operation.
 */
export function filterTexts(filter: DeadLetterFilter): Readonly<Record<string, string>> {
  const { code, consumer, entity, type, sinceMs, untilMs } = filter
  const times = { since: sinceMs && instant(sinceMs), until: untilMs && instant(untilMs) }
  const named = Object.entries({ code, consumer, entity, type, ...times })
  return Object.fromEntries(named.flatMap(([name, value]) => (value ? [[name, value]] : [])))
}

/** Returns the shell command that resumes a stopped operation. */
export function resumeCommand(
  command: Command,
  operation: string,
  ats: readonly string[],
  options: Readonly<Record<string, string | true | undefined>>,
): string {
  const named = Object.entries(options).flatMap(([name, value]) => {
    if (value === undefined) return []
    return value === true ? [`--${name}`] : [`--${name}`, quoted(value)]
  })
  return ['sluice dlq', command, ...ats.map(quoted), ...named, '--yes', '--resume', operation].join(' ')
}

function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
