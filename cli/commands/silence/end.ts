import type { Command } from 'commander'
import { withoutSilence } from '../../../lib/notification/silences.ts'
import { userOfMachine } from '../../../programs/person.ts'
import { environmentOption, JSON_OPTION, someText } from '../../arguments.ts'
import { CliFailure } from '../../failure.ts'
import { more } from '../../help.ts'
import { changeSilences } from '../../silence/servers.ts'
import { printReport, type Terminal } from '../../terminal.ts'

interface EndOptions {
  readonly author?: string
  readonly comment?: string
  readonly json?: true
  readonly env?: string
}

const ABOUT = `End a silence now, also one that has not begun.

Alerts that it has muted and that still fire are told within a group interval, five minutes by default.`

export function addSilenceEnd(silence: Command, terminal: Terminal): void {
  silence
    .command('end')
    .summary('end a silence')
    .description(ABOUT)
    .argument('<id>', 'its id, as `sluice silence list` shows it', someText)
    .option('--author <name>', 'who ends it (default: the user of this machine)', someText)
    .option('--comment <text>', 'why', someText)
    .option(...JSON_OPTION)
    .option(...environmentOption('whose silence is ended'))
    .addHelpText('after', more('Example:\n  sluice silence end 3fa91c20'))
    .action((id: string, options: EndOptions) => end(id, options, terminal))
}

async function end(id: string, options: EndOptions, terminal: Terminal): Promise<void> {
  const { author = userOfMachine(), comment = '', env, json } = options
  const set = await changeSilences(
    terminal,
    env,
    { action: 'silence end', filter: { id } },
    (before, nowMs) => {
      const next = withoutSilence(before, id, { author, comment }, nowMs)
      if (next === undefined)
        throw new CliFailure(
          `Nothing was changed: there is no silence ${id} that has not ended. \`sluice silence list --state all\` shows which there are.`,
        )
      return next
    },
  )
  const endsAt = set.silences.find(one => one.id === id)?.endsAt
  printReport(terminal, { id, endsAt }, json, () => `Silence ${id} has ended.\n`)
}
