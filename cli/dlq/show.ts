import { previewRedrive } from '../../lib/operations/dead-letters/preview.ts'
import { readRedriveTopics } from '../../lib/operations/dead-letters/redrive-topics.ts'
import { parseName } from '../../lib/operations/dead-letters/selection.ts'
import { type DeadLetterAnswer, findDeadLetter } from '../../lib/queries/dead-letters/dead-letter-records.ts'
import { toFlatEvent } from '../../lib/queries/records/flat-document.ts'
import { argument, command, environment, FLAT_OPTION, flag, JSON_OPTION, SOME_TEXT } from '../command.ts'
import { CliFailure } from '../failure.ts'
import { withEnvironment } from '../servers/open-environment.ts'
import { resolveConfig } from '../servers/settings.ts'
import { printLines, printReport } from '../terminal.ts'
import { buildDeadLetterReport } from './report.ts'
import { formatDeadLetter } from './text.ts'

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
    flat: FLAT_OPTION,
    env: environment('to look at'),
  },
  conflicts: [['raw', 'json', 'flat']],
  async run({ at, raw, json, flat, env }, terminal) {
    const config = resolveConfig(terminal, env)
    const { found, outlook } = await withEnvironment(config, async environment => {
      const answer = await findDeadLetter(await environment.letters(), parseName(at), terminal.stop)
      if (answer.kind !== 'found') throw new CliFailure(describeMissing(at, config.env, answer))
      const topics = await readRedriveTopics(environment.connections, config, environment.listConsumers())
      return {
        found: answer.found,
        outlook: previewRedrive(config.families, answer.found, answer.handled, topics),
      }
    })
    if (flat) return printLines(terminal, [toFlatEvent(found.event)])
    if (!raw)
      return printReport(terminal, buildDeadLetterReport(found, outlook), json, () =>
        formatDeadLetter(found, outlook),
      )
    if (found.original.value === null) throw new CliFailure(`The record of ${at} had no value.`)
    terminal.stdout.write(found.original.value)
  },
})

function describeMissing(
  at: string,
  env: string,
  answer: Exclude<DeadLetterAnswer, { kind: 'found' }>,
): string {
  if (answer.kind === 'none')
    return `No dead letter ${at} in "${env}": \`sluice dlq list\` lists the dead letters.`
  const why = answer.kind === 'broken' ? `is broken: ${answer.broken.why}` : 'is not a dead letter'
  return `The record at ${at} ${why}: sluice consume --topic dlq --from start shows it.`
}
