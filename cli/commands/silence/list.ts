import type { Command } from 'commander'
import { choice, environmentOption, JSON_OPTION } from '../../arguments.ts'
import { more } from '../../help.ts'
import { readSilences } from '../../silence/servers.ts'
import { reportOf, silencesText } from '../../silence/text.ts'
import { printReport, type Terminal } from '../../terminal.ts'

interface ListOptions {
  readonly state?: string
  readonly json?: true
  readonly env?: string
}

const ABOUT = `List the silences that hold or are still to come, in the order in which they were made.

With \`--state past\`, those that are over: the last 200 are kept.`

export function addSilenceList(silence: Command, terminal: Terminal): void {
  silence
    .command('list')
    .summary('list silences')
    .description(ABOUT)
    .addOption(
      choice('--state <state>', 'only those in this state, or all', ['active', 'pending', 'past', 'all']),
    )
    .option(...JSON_OPTION)
    .option(...environmentOption('whose silences are listed'))
    .addHelpText('after', more('Examples:\n  sluice silence list\n  sluice silence list --state past --json'))
    .action((options: ListOptions) => list(options, terminal))
}

async function list({ state, json, env }: ListOptions, terminal: Terminal): Promise<void> {
  const found = await readSilences(terminal, env)
  const nowMs = Date.now()
  const silences = (found.set?.silences ?? [])
    .map(one => reportOf(one, nowMs))
    .filter(one => state === 'all' || (state === undefined ? one.state !== 'past' : one.state === state))
  printReport(terminal, { env: found.env, silences }, json, (report, width) =>
    silencesText(report.silences, width),
  )
}
