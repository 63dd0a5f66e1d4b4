/** The options that say which dead letters are meant: the same for each command. */
import type { Command } from 'commander'
import type { DeadLetterFilter } from '../../lib/queries/letter-pages.ts'
import { FAILURES } from '../../packages/runtime/consumer/failure-codes.ts'
import { instant } from '../../packages/runtime/consumer/instant.ts'
import { choice, someText, timeOrAgo } from '../arguments.ts'
import { usageFailure } from '../failure.ts'

export interface FilterOptions {
  readonly code?: string
  readonly consumer?: string
  readonly entity?: string
  readonly type?: string
  readonly since?: number
  readonly until?: number
}

export function addFilters(command: Command): Command {
  const time = 'an RFC 3339 time, or a duration before now'
  return command
    .addOption(choice('--code <code>', 'only failures of this code', Object.keys(FAILURES)))
    .option('--consumer <name>', 'only of this consumer', someText)
    .option('--entity <entity>', 'only of this entity: source, a space and subject, or the subject', someText)
    .option('--type <type>', 'only events of this CloudEvents type', someText)
    .option('--since <time>', `only what was written since: ${time}`, timeOrAgo)
    .option('--until <time>', `only what was written before: ${time}`, timeOrAgo)
}

/** @throws CliFailure if the times leave nothing between them */
export function filterOf(options: FilterOptions): DeadLetterFilter {
  const { since, until } = options
  if (since !== undefined && until !== undefined && since >= until)
    throw usageFailure(`--since ${instant(since)} is not before --until ${instant(until)}.`)
  return conditionsOf(options)
}

/** As `filterOf`, whatever lies between the times. */
export function conditionsOf({ since, until, ...others }: FilterOptions): DeadLetterFilter {
  const { code, consumer, entity, type } = others
  return { code, consumer, entity, type, sinceMs: since, untilMs: until }
}
