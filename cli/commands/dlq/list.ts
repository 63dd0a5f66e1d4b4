import type { Command } from 'commander'
import { placesIn } from '../../../lib/operations/dead-letters/named.ts'
import { listDeadLetters, type OlderPlaces } from '../../../lib/queries/dead-letter-list.ts'
import { mapped, text } from '../../../packages/runtime/settings/values.ts'
import { environmentOption, JSON_OPTION, parserOf, positiveInteger } from '../../arguments.ts'
import { configOf } from '../../connections.ts'
import { addFilters, type FilterOptions, filterOf } from '../../dlq/filters.ts'
import { askDlq } from '../../dlq/read.ts'
import { listReport } from '../../dlq/report.ts'
import { listText } from '../../dlq/text.ts'
import { more } from '../../help.ts'
import { printReport, type Terminal } from '../../terminal.ts'

interface ListOptions extends FilterOptions {
  readonly all?: true
  readonly limit: number
  readonly before?: OlderPlaces
  readonly count?: true
  readonly json?: true
  readonly env?: string
}

/** A value of `--before`, as the report has it. */
const PLACES = mapped(
  text(/^\d{1,9}@\d{1,15}(,\d{1,9}@\d{1,15})*$/, 'PARTITION@OFFSET, several separated by commas'),
  places => new Map((placesIn(places.split(',')) ?? []).map(({ partition, offset }) => [partition, offset])),
)

const ABOUT = `List dead letters, the newest last: which record failed in which consumer, and why.

AT is the place in the dlq topic, by which the other commands name one of them. Those that were redriven or dropped are left out.
The topic is read from its newest end, as far as the list needs. If there are older ones, the list ends with the option that shows them.`

const MORE = `
Examples:
  sluice dlq list --since 1h
  sluice dlq list --code schema-violated --consumer alerting --json`

export function addDlqList(dlq: Command, terminal: Terminal): void {
  const list = dlq.command('list').summary('list dead letters, and why they failed').description(ABOUT)
  addFilters(list)
    .option('--all', 'also those that were redriven or dropped')
    .option('--limit <n>', 'maximum number, newest first', positiveInteger, 50)
    .option(
      '--before <places>',
      'only older ones: the places that the list before ended with',
      parserOf(PLACES),
    )
    .option('--count', 'also count all of them, by code, which reads the whole topic')
    .option(...JSON_OPTION)
    .option(...environmentOption('to look at'))
    .addHelpText('after', more(MORE))
    .action((options: ListOptions) => listed(options, terminal))
}

async function listed({ json, env, ...options }: ListOptions, terminal: Terminal): Promise<void> {
  const { limit, all, before, count, ...filters } = options
  const wanted = { ...filterOf(filters), limit, all, before, count, signal: terminal.stop }
  const config = configOf(terminal, env)
  const list = await askDlq(config, filters.since, (log, ranges) => listDeadLetters(log, ranges, wanted))
  printReport(terminal, listReport(config.env, list), json, listText)
}
