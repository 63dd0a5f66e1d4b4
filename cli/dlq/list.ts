import { listNewestDeadLetters } from '../../lib/queries/dead-letters/dead-letter-pages.ts'
import {
  formatPlace,
  readDeadLetters,
  toDeadLetterSummary,
} from '../../lib/queries/dead-letters/dead-letter-records.ts'
import { DeadLetters } from '../../lib/queries/dead-letters/dead-letters.ts'
import { toFlatEvent } from '../../lib/queries/records/flat-document.ts'
import {
  command,
  environment,
  FLAT_OPTION,
  flag,
  JSON_OPTION,
  optionWithDefault,
  POSITIVE,
} from '../command.ts'
import { resolveConfig } from '../servers/settings.ts'
import { printLines, printReport } from '../terminal.ts'
import { buildFilter, FILTERS } from './filters.ts'
import { queryDlq } from './query-dlq.ts'
import { buildListReport } from './report.ts'
import { formatBroken, formatDeadLetterList } from './text.ts'

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
    flat: FLAT_OPTION,
    env: environment('to look at'),
  },
  conflicts: [['json', 'flat']],
  async run({ json, flat, env, ...options }, terminal) {
    const { limit, all, ...filters } = options
    const filter = buildFilter(filters)
    const config = resolveConfig(terminal, env)
    const { found, report } = await queryDlq(config, async letters => {
      const reader = new DeadLetters(letters, { withHandled: all })
      const now = await reader.look(undefined, terminal.stop)
      const { rows, counts } = listNewestDeadLetters(config.families, now, { ...filter, limit, all })
      const handled = new Map(rows.map(row => [formatPlace(row), row.handled]))
      const found = await readDeadLetters(letters.log, letters.topic, rows)
      const deadLetters = found.map(letter => toDeadLetterSummary(letter, handled.get(formatPlace(letter))))
      const broken = rows.filter(row => row.kind === 'broken')
      return { found, report: buildListReport(config.env, { ...now, counts, deadLetters, broken }) }
    })
    if (!flat)
      return printReport(terminal, report, json, (report, columns) =>
        formatDeadLetterList(config.names, report, columns),
      )
    const documents = found.map(({ event }) => toFlatEvent(event))
    printLines(terminal, documents)
    for (const line of formatBroken(report)) terminal.stderr.write(`${line}\n`)
  },
})
