/** Defines requests to redrive or drop dead letters. Pure. */
import { instant } from '#runtime/consumer/instant.ts'
import type { HandledAction } from '../../failures/dlq-record.ts'
import type { DeadLetterFilter } from '../../queries/dead-letters/pages.ts'

export type Command = 'redrive' | 'drop'

/** Recorded action by command. It is written to the dlq topic and the audit log. */
export const ACTIONS: Readonly<Record<Command, HandledAction>> = { redrive: 'redriven', drop: 'dropped' }

export interface HandlingRequest {
  readonly command: Command
  /** Positions or ids of dead letters; empty if the filter selects them. */
  readonly ats: readonly string[]
  readonly filter: DeadLetterFilter
  /** Maximum number of dead letters per second. */
  readonly perSecond?: number | undefined
  /** True to redrive dead letters that were redriven or dropped before. Only for dead letters that are named. */
  readonly again?: boolean | undefined
}

/** Returns the conditions of a filter as command-line options. */
function formatFilter(filter: DeadLetterFilter): Readonly<Record<string, string>> {
  const { code, consumer, entity, type, sinceMs, untilMs } = filter
  const times = { since: sinceMs && instant(sinceMs), until: untilMs && instant(untilMs) }
  const named = Object.entries({ code, consumer, entity, type, ...times })
  return Object.fromEntries(named.flatMap(([name, value]) => (value ? [[name, value]] : [])))
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
  const named = options.flatMap(([name, value]) => [`--${name}`, quoteArgument(value)])
  return [
    'sluice dlq',
    command,
    ...ats.map(quoteArgument),
    ...named,
    ...(again ? ['--again'] : []),
    '--yes',
  ].join(' ')
}

function quoteArgument(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
