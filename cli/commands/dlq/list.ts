import type { Command } from 'commander'
import { type OlderPlaces, pageOf } from '../../../lib/queries/letter-pages.ts'
import { deadLetterSummary, lettersOf, placeText } from '../../../lib/queries/letter-records.ts'
import { Letters } from '../../../lib/queries/letters.ts'
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
  places => new Map(places.split(',').map(place => place.split('@').map(Number) as [number, number])),
)

const ABOUT = `List dead letters, the newest last: which record failed in which consumer, and why.

AT is the place in the dlq topic, by which the other commands name one of them. Those that were redriven or dropped are left out.
The list comes from the table of open letters, and from the topic itself where Redis does not answer. If there are older ones, the list ends with
the option that shows them.`

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
    .option('--count', 'also count those that were handled, which reads the whole topic')
    .option(...JSON_OPTION)
    .option(...environmentOption('to look at'))
    .addHelpText('after', more(MORE))
    .action((options: ListOptions) => listed(options, terminal))
}

async function listed({ json, env, ...options }: ListOptions, terminal: Terminal): Promise<void> {
  const { limit, all, before, count, ...filters } = options
  const filter = filterOf(filters)
  const config = configOf(terminal, env)
  const report = await askDlq(config, async letters => {
    const reader = new Letters(letters, { withHandled: (all || count) ?? false })
    const now = await reader.look(undefined, terminal.stop)
    const { rows, ...page } = pageOf(now, { ...filter, limit, all, before })
    const handled = new Map(rows.map(row => [placeText(row), row.handled?.action]))
    const found = await lettersOf(letters.log, letters.topic, rows)
    const deadLetters = found.map(letter => deadLetterSummary(letter, handled.get(placeText(letter))))
    return listReport(config.env, {
      ...{ ...now, ...page, deadLetters },
      broken: rows.filter(row => row.kind === 'broken'),
    })
  })
  printReport(terminal, report, json, listText)
}
