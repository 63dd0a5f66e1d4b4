import { outlookOf } from '../../lib/operations/dead-letters/decide.ts'
import { nameIn } from '../../lib/operations/dead-letters/selection.ts'
import { redriveTopics } from '../../lib/operations/dead-letters/topics.ts'
import { type DeadLetterAnswer, findDeadLetter } from '../../lib/queries/dead-letters/records.ts'
import { argument, command, environment, flag, JSON_OPTION, SOME_TEXT } from '../command.ts'
import { configOf } from '../connections.ts'
import { CliFailure, usageFailure } from '../failure.ts'
import { printReport } from '../terminal.ts'
import { askDlq, readersIn } from './read.ts'
import { reportOf } from './report.ts'
import { deadLetterText } from './text.ts'

export default command({
  about: `Show a dead letter: the reasons of its failures, the target of a redrive, and the original key, headers and value.

Text is shown as text, JSON indented, and anything else as a hex dump.`,
  more: `
Examples:
  sluice dlq show 2@17
  sluice dlq show 2@17 --raw > value.bin`,
  args: {
    at: argument('position PARTITION@OFFSET as shown by `sluice dlq list`, or id', SOME_TEXT),
  },
  options: {
    raw: flag('write only the value of the failed record, byte for byte'),
    json: JSON_OPTION,
    env: environment('to look at'),
  },
  async run({ at, raw, json, env }, terminal) {
    if (raw && json) throw usageFailure('--raw and --json cannot be used together.')
    const config = configOf(terminal, env)
    const { found, outlook } = await askDlq(config, async (letters, connections) => {
      const answer = await findDeadLetter(letters, nameIn(at), terminal.stop)
      if (answer.kind !== 'found') throw new CliFailure(missing(at, config.env, answer))
      const topics = await redriveTopics(connections, config, readersIn(config.env))
      return { found: answer.found, outlook: outlookOf(answer.found, answer.handled, topics) }
    })
    if (!raw)
      return printReport(terminal, reportOf(found, outlook), json, () => deadLetterText(found, outlook))
    if (found.original.value === null) throw new CliFailure(`The record of ${at} had no value.`)
    terminal.stdout.write(found.original.value)
  },
})

function missing(at: string, env: string, answer: Exclude<DeadLetterAnswer, { kind: 'found' }>): string {
  if (answer.kind === 'none')
    return `No dead letter ${at} in "${env}": \`sluice dlq list\` lists the dead letters.`
  const why = answer.kind === 'broken' ? `is broken: ${answer.broken.why}` : 'is not a dead letter'
  return `The record at ${at} ${why}: sluice consume --topic dlq --from start shows it.`
}
