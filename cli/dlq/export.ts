import { durationText } from '../../lib/duration.ts'
import { filterTexts } from '../../lib/operations/dead-letters/request.ts'
import { exists } from '../../lib/operations/file-failure.ts'
import { command, environment, flag, requiredOption, SOME_TEXT } from '../command.ts'
import { configOf } from '../connections.ts'
import { isStop, usageFailure } from '../failure.ts'
import { carryOut } from '../operation.ts'
import { showLine } from '../progress.ts'
import { pathIn, printReport } from '../terminal.ts'
import { type ExportCounts, exportLines, stoppedText, writeLines } from './export-lines.ts'
import { conditionsOf, FILTERS, filterOf } from './filters.ts'
import { askDlq } from './read.ts'

export default command({
  about: `Write dead letters to a file: one JSON document per line, with the bytes of the failed record in base64.

The file contains the records unchanged: protect it like the data itself.`,
  more: `
A dead letter that cannot be read has a line with its position and the error. Those that were redriven or dropped are
omitted.

Examples:
  sluice dlq export --to letters.jsonl.gz
  sluice dlq export --consumer alerting --since 1d --to - | jq .deadLetter.error`,
  options: {
    ...FILTERS,
    to: requiredOption(
      '<file>',
      'file, compressed if its name ends in .gz, or "-" for standard output',
      SOME_TEXT,
    ),
    all: flag('include those that were redriven or dropped'),
    force: flag('replace an existing file'),
    json: flag('print the result as one JSON document; not with --to "-"'),
    env: environment('to look at'),
  },
  async run({ to, all, force, json, env, ...filters }, terminal) {
    if (json && to === '-')
      throw usageFailure(
        '--json prints to standard output, which receives the dead letters: specify a file with --to.',
      )
    const filter = filterOf(filters)
    if (to !== '-' && !force && (await exists(pathIn(terminal, to))))
      throw usageFailure(`${to} already exists: choose another file, or add --force.`)
    const config = configOf(terminal, env)
    const counts: ExportCounts = { exported: 0, broken: 0, total: 0 }
    const startedMs = performance.now()
    try {
      await askDlq(config, async (letters, connections) => {
        const hide = showLine(terminal, () => progressOf(counts, performance.now() - startedMs))
        const options = { filter, all, signal: terminal.stop }
        const operation = { action: 'dlq export', filter: filterTexts(conditionsOf(filters)) } as const
        await carryOut(connections, operation, async audit => {
          await writeLines(exportLines(letters, options, counts), to, terminal).finally(() => {
            hide()
            audit.exported = counts.exported
          })
        })
      })
    } catch (error) {
      if (!isStop(error, terminal.stop)) throw error
      terminal.stderr.write(stoppedText(to, counts))
      return
    }
    const { exported, broken } = counts
    const report = {
      env: config.env,
      to,
      exported,
      broken,
      elapsedMs: Math.round(performance.now() - startedMs),
    }
    if (json) printReport(terminal, report, json, String)
    else terminal.stderr.write(exportText(report))
  },
})

function progressOf({ exported, broken, total }: ExportCounts, ms: number) {
  const done = exported + broken
  const left = done > 0 ? `, ${durationText((ms * Math.max(0, total - done)) / done)} left` : ''
  const rate = ms > 0 ? Math.round((done * 1000) / ms) : 0
  return `${exported} exported of ${total}, ${rate}/s${left}`
}

function exportText({
  to,
  exported,
  broken,
  elapsedMs,
}: Record<'exported' | 'broken' | 'elapsedMs', number> & { to: string }) {
  const apart = broken > 0 ? `, and ${broken} broken ones` : ''
  return `Exported ${exported} dead letters${apart} to ${to} in ${durationText(elapsedMs)}\n`
}
