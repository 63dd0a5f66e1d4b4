import type { Command } from 'commander'
import { shownAlerts } from '../../../lib/queries/known-alerts.ts'
import { AlertsReader } from '../../alerts/read.ts'
import { showText } from '../../alerts/show-text.ts'
import { environmentOption, JSON_OPTION, positiveInteger, someText, timeOrAgo } from '../../arguments.ts'
import { configOf } from '../../connections.ts'
import { CliFailure } from '../../failure.ts'
import { more } from '../../help.ts'
import { printReport, type Terminal } from '../../terminal.ts'

interface ShowOptions {
  readonly since?: number
  readonly limit: number
  readonly json?: true
  readonly env?: string
}

const ABOUT = `Show an alert, or the alerts of an entity, with everything that happened to them: when, why, values, trace and
acknowledgements.`

const MORE = `
ALERT is an id as \`sluice alerts list\` shows it, or an entity: its whole subject, or a part of its source and subject. Of an
entity, alerts that are pending are shown as well. An id that begins with "-" goes behind "--".

Examples:
  sluice alerts show IFzYlCPmXUzUpk-fYxk9ag
  sluice alerts show roof-1 --since 1d`

export function addAlertsShow(alerts: Command, terminal: Terminal): void {
  alerts
    .command('show')
    .summary('show an alert, or the alerts of an entity')
    .description(ABOUT)
    .argument('<alert>', 'its id, or an entity', someText)
    .option(
      '--since <time>',
      'only what was written since: an RFC 3339 time, or a duration before now (default: all that is kept)',
      timeOrAgo,
    )
    .option('--limit <n>', 'maximum number, newest first', positiveInteger, 10)
    .option(...JSON_OPTION)
    .option(...environmentOption('to look at'))
    .addHelpText('after', more(MORE))
    .action((alert: string, options: ShowOptions) => show(alert, options, terminal))
}

async function show(
  wanted: string,
  { since, limit, json, env }: ShowOptions,
  terminal: Terminal,
): Promise<void> {
  const config = configOf(terminal, env)
  await AlertsReader.run(config, terminal.stop, async reader => {
    const found = await shownAlerts(reader, wanted, { sinceMs: since, limit })
    const report = { env: config.env, ...found }
    if (report.alerts.length === 0 && report.pending.length === 0)
      throw new CliFailure(
        `No alert in "${config.env}" has the id "${wanted}", or is of an entity that matches it. \`sluice alerts list --state all\` ` +
          'shows which there are; --pending those that do not fire yet.',
      )
    printReport(terminal, report, json, showText)
  })
}
