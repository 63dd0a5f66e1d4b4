import type { Command } from 'commander'
import { outlookOf } from '../../../lib/operations/dead-letters/outlook.ts'
import { nameIn } from '../../../lib/operations/dead-letters/selection.ts'
import { redriveTopics } from '../../../lib/operations/dead-letters/topics.ts'
import { type DeadLetterAnswer, findDeadLetter } from '../../../lib/queries/letter-records.ts'
import { environmentOption, JSON_OPTION, someText } from '../../arguments.ts'
import { configOf } from '../../connections.ts'
import { askDlq } from '../../dlq/read.ts'
import { readersIn } from '../../dlq/readers.ts'
import { reportOf } from '../../dlq/report.ts'
import { deadLetterText } from '../../dlq/text.ts'
import { CliFailure, usageFailure } from '../../failure.ts'
import { more } from '../../help.ts'
import { printReport, type Terminal } from '../../terminal.ts'

interface ShowOptions {
  readonly raw?: true
  readonly json?: true
  readonly env?: string
}

const ABOUT = `Show a dead letter: why the record failed, each time, where a redrive would bring it, and its key, headers and value
as they were.

What is text is shown as text, JSON indented, anything else as a hex dump.`

const MORE = `
Examples:
  sluice dlq show 2@17
  sluice dlq show 2@17 --raw > value.bin`

export function addDlqShow(dlq: Command, terminal: Terminal): void {
  dlq
    .command('show')
    .summary('show a dead letter with the bytes that failed')
    .description(ABOUT)
    .argument('<at>', 'its place, PARTITION@OFFSET as `sluice dlq list` shows it, or its id', someText)
    .option('--raw', 'write the value of the record that failed, byte for byte, and nothing else')
    .option(...JSON_OPTION)
    .option(...environmentOption('to look at'))
    .addHelpText('after', more(MORE))
    .action((at: string, options: ShowOptions) => show(at, options, terminal))
}

async function show(at: string, { raw, json, env }: ShowOptions, terminal: Terminal): Promise<void> {
  if (raw && json) throw usageFailure('--raw and --json print different things: take one of them.')
  const config = configOf(terminal, env)
  const { found, outlook } = await askDlq(config, async (letters, connections) => {
    const answer = await findDeadLetter(letters, nameIn(at), terminal.stop)
    if (answer.kind !== 'found') throw new CliFailure(missing(at, config.env, answer))
    const topics = await redriveTopics(connections, config, readersIn(config.env))
    return { found: answer.found, outlook: outlookOf(answer.found, answer.handled, topics) }
  })
  if (!raw) return printReport(terminal, reportOf(found, outlook), json, () => deadLetterText(found, outlook))
  if (found.original.value === null) throw new CliFailure(`The record of ${at} had no value.`)
  terminal.stdout.write(found.original.value)
}

function missing(at: string, env: string, answer: Exclude<DeadLetterAnswer, { kind: 'found' }>): string {
  if (answer.kind === 'none')
    return `No dead letter ${at} in "${env}": \`sluice dlq list\` shows which there are.`
  const why = answer.kind === 'broken' ? `is broken: ${answer.broken.why}` : 'is not a dead letter'
  return `What lies at ${at} ${why}: sluice tail dlq --from start shows it.`
}
