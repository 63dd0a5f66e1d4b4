import { pageOf } from '../../lib/queries/dead-letter-pages.ts'
import { deadLetterSummary, deadLettersOf, placeText } from '../../lib/queries/dead-letter-records.ts'
import { DeadLetters } from '../../lib/queries/dead-letters.ts'
import { mapped, text } from '../../packages/runtime/settings/values.ts'
import { command, environment, flag, JSON_OPTION, option, optionWithDefault, POSITIVE } from '../command.ts'
import { configOf } from '../connections.ts'
import { printReport } from '../terminal.ts'
import { FILTERS, filterOf } from './filters.ts'
import { askDlq } from './read.ts'
import { listReport } from './report.ts'
import { listText } from './text.ts'

/** Kind for the value of `--before`. The report contains the value for the next page in the same format. */
const PLACES = mapped(
  text(/^\d{1,9}@\d{1,15}(,\d{1,9}@\d{1,15})*$/, 'PARTITION@OFFSET, several separated by commas'),
  places => new Map(places.split(',').map(place => place.split('@').map(Number) as [number, number])),
)

export default command({
  about: `List dead letters, the newest last, with the failed record, the consumer and the reason.

AT is the position in the dlq topic, by which other commands identify a dead letter. Those that were redriven or
dropped are omitted. The list is read from the table of open dead letters or, if Redis does not answer, from the topic
itself. If there are older dead letters, the list ends with the option that shows them.`,
  more: `
Examples:
  sluice dlq list --since 1h
  sluice dlq list --code schema-violated --consumer alerting --json`,
  options: {
    ...FILTERS,
    all: flag('include those that were redriven or dropped'),
    limit: optionWithDefault('<n>', 'maximum number, newest first', POSITIVE, 50),
    before: option('<places>', 'only older ones: the positions at which the previous list ended', PLACES),
    count: flag('also count handled ones, which reads the whole topic'),
    json: JSON_OPTION,
    env: environment('to look at'),
  },
  async run({ json, env, ...options }, terminal) {
    const { limit, all, before, count, ...filters } = options
    const filter = filterOf(filters)
    const config = configOf(terminal, env)
    const report = await askDlq(config, async letters => {
      const reader = new DeadLetters(letters, { withHandled: all || count })
      const now = await reader.look(undefined, terminal.stop)
      const { rows, ...page } = pageOf(now, { ...filter, limit, all, before })
      const handled = new Map(rows.map(row => [placeText(row), row.handled?.action]))
      const found = await deadLettersOf(letters.log, letters.topic, rows)
      const deadLetters = found.map(letter => deadLetterSummary(letter, handled.get(placeText(letter))))
      return listReport(config.env, {
        ...{ ...now, ...page, deadLetters },
        broken: rows.filter(row => row.kind === 'broken'),
      })
    })
    printReport(terminal, report, json, listText)
  },
})
