import { DeadLetters } from '../../lib/queries/dead-letters/dead-letters.ts'
import { newestDeadLetters } from '../../lib/queries/dead-letters/pages.ts'
import { deadLetterSummary, deadLettersOf, placeText } from '../../lib/queries/dead-letters/records.ts'
import { command, environment, flag, JSON_OPTION, optionWithDefault, POSITIVE } from '../command.ts'
import { configOf } from '../connections.ts'
import { printReport } from '../terminal.ts'
import { FILTERS, filterOf } from './filters.ts'
import { askDlq } from './read.ts'
import { listReport } from './report.ts'
import { listText } from './text.ts'

export default command({
  about: `List dead letters, the newest last, with the failed record, the consumer and the reason.

AT is the position in the dlq topic, by which other commands identify a dead letter. Those that were redriven or
dropped are omitted. The list is read from the table of open dead letters or, if Redis does not answer, from the topic
itself. For older ones, use --until or a higher --limit.`,
  more: `
Examples:
  sluice dlq list --since 1h
  sluice dlq list --code schema-violated --consumer alerting --json`,
  options: {
    ...FILTERS,
    all: flag('include those that were redriven or dropped, which reads the whole topic'),
    limit: optionWithDefault('<n>', 'maximum number, newest first', POSITIVE, 50),
    json: JSON_OPTION,
    env: environment('to look at'),
  },
  async run({ json, env, ...options }, terminal) {
    const { limit, all, ...filters } = options
    const filter = filterOf(filters)
    const config = configOf(terminal, env)
    const report = await askDlq(config, async letters => {
      const reader = new DeadLetters(letters, { withHandled: all })
      const now = await reader.look(undefined, terminal.stop)
      const { rows, counts } = newestDeadLetters(now, { ...filter, limit, all })
      const handled = new Map(rows.map(row => [placeText(row), row.handled]))
      const found = await deadLettersOf(letters.log, letters.topic, rows)
      const deadLetters = found.map(letter => deadLetterSummary(letter, handled.get(placeText(letter))))
      return listReport(config.env, {
        ...{ ...now, counts, deadLetters },
        broken: rows.filter(row => row.kind === 'broken'),
      })
    })
    printReport(terminal, report, json, listText)
  },
})
