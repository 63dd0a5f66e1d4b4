import type { Command } from 'commander'
import { userOfMachine } from '../../../programs/person.ts'
import { type AckReport, acknowledge } from '../../alerts/acknowledge.ts'
import { AlertsReader } from '../../alerts/read.ts'
import { environmentOption, JSON_OPTION, someText } from '../../arguments.ts'
import { configOf } from '../../connections.ts'
import { more } from '../../help.ts'
import { printReport, type Terminal } from '../../terminal.ts'
import { harmless } from '../../text-width.ts'

interface AckOptions {
  readonly by?: string
  readonly comment?: string
  readonly remove?: true
  readonly json?: true
  readonly env?: string
}

const ABOUT = `Acknowledge an alert that fires: say who is working on it.

The acknowledgement is an event beside the alert's own, so it holds even if Redis loses its contents. It ends when the alert
resolves, and changes nothing about when that is. A later one replaces it.`

const MORE = `
An id that begins with "-" goes behind "--", after all options.

Examples:
  sluice alerts ack IFzYlCPmXUzUpk-fYxk9ag --comment 'the fan is being replaced'
  sluice alerts ack IFzYlCPmXUzUpk-fYxk9ag --remove`

export function addAlertsAck(alerts: Command, terminal: Terminal): void {
  alerts
    .command('ack')
    .summary('acknowledge an alert that fires')
    .description(ABOUT)
    .argument('<id>', 'of the alert, as `sluice alerts list` shows it', someText)
    .option('--by <who>', 'who is working on it (default: the user of this machine)', someText)
    .option('--comment <text>', 'what is being done', someText)
    .option('--remove', 'take the acknowledgement back')
    .option(...JSON_OPTION)
    .option(...environmentOption('that the alert is in'))
    .addHelpText('after', more(MORE))
    .action((id: string, options: AckOptions) => ack(id, options, terminal))
}

async function ack(
  id: string,
  { by, comment, remove, json, env }: AckOptions,
  terminal: Terminal,
): Promise<void> {
  const said = {
    acknowledged: !remove,
    by: by ?? userOfMachine(),
    ...(comment === undefined ? {} : { comment }),
  }
  const config = configOf(terminal, env)
  await AlertsReader.run(config, terminal.stop, async reader => {
    const report = await acknowledge(reader, id, said, terminal.stop)
    printReport(terminal, report, json, ackText)
  })
}

function ackText({ rule, entity, acknowledged, by, outcome }: AckReport): string {
  const what = `${harmless(rule)} of ${harmless(entity)}`
  const done = acknowledged
    ? `${what} is acknowledged by ${harmless(by)}.`
    : `The acknowledgement of ${what} is taken back.`
  const more = {
    shown: '',
    resolved: ' It has resolved meanwhile.',
    'not-yet':
      ' It is in the log, but firing-alerts has not come to it: sluice state show firing-alerts --topic alerts',
  }[outcome]
  return `${done}${more}\n`
}
