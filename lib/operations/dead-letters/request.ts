/** What a person asks to be done with dead letters. Pure. */

import { instant } from '../../../packages/runtime/consumer/instant.ts'
import type { HandledAction } from '../../failures/dlq-record.ts'
import type { DeadLetterFilter } from '../../queries/letter-pages.ts'

export type Command = 'redrive' | 'drop'

/** What each command does with a dead letter, as the dlq topic and the audit call it. */
export const ACTIONS: Readonly<Record<Command, HandledAction>> = { redrive: 'redriven', drop: 'dropped' }

/** What an operation is to do, as it is kept to be resumed. */
export interface HandlingRequest {
  readonly command: Command
  /** Places or ids of dead letters; empty if conditions say which are meant. */
  readonly ats: readonly string[]
  readonly filter: DeadLetterFilter
  /** Dead letters a second at most. */
  readonly perSecond?: number | undefined
  /** Also those that were redriven or dropped before. */
  readonly again?: boolean | undefined
  /** A change of the event, as JSON that `readPatch` accepts; for a redrive of one dead letter that is named. */
  readonly patch?: string | undefined
}

/** The conditions as text, by the names of the command line's options: for the audit, and for the command that goes on. */
export function filterTexts(filter: DeadLetterFilter): Readonly<Record<string, string>> {
  const { code, consumer, entity, type, sinceMs, untilMs } = filter
  const times = { since: sinceMs && instant(sinceMs), until: untilMs && instant(untilMs) }
  const named = Object.entries({ code, consumer, entity, type, ...times })
  return Object.fromEntries(named.flatMap(([name, value]) => (value ? [[name, value]] : [])))
}

/** The command that goes on with an operation that was stopped, as a shell takes it. */
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
