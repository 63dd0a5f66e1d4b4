import type { Command } from 'commander'
import { selectedAlerts } from '../../../lib/queries/known-alerts.ts'
import { COUNTED_BY, type CountedBy, countedAlerts } from '../../../lib/tables/alert-summary.ts'
import {
  ABOUT_TIMES,
  addSelection,
  filterOf,
  isNarrowed,
  type SelectionOptions,
} from '../../alerts/options.ts'
import { AlertsReader } from '../../alerts/read.ts'
import { countText } from '../../alerts/text.ts'
import { choice, environmentOption, JSON_OPTION } from '../../arguments.ts'
import { configOf } from '../../connections.ts'
import { more } from '../../help.ts'
import { printReport, type Terminal } from '../../terminal.ts'

interface CountOptions extends SelectionOptions {
  readonly by: CountedBy
  readonly json?: true
  readonly env?: string
}

const ABOUT = `Count the alerts that fire now, or with --state those that have resolved.`

const MORE = `
${ABOUT_TIMES}

Examples:
  sluice alerts count --by severity
  sluice alerts count --state all --since 1d --by hour`

export function addAlertsCount(alerts: Command, terminal: Terminal): void {
  const count = alerts
    .command('count')
    .summary('count alerts by rule, severity, entity or hour')
    .description(ABOUT)
    .addOption(
      choice('--by <what>', 'what is counted: hour is when they fired, in UTC', COUNTED_BY).default('rule'),
    )
  addSelection(count)
    .option(...JSON_OPTION)
    .option(...environmentOption('to look at'))
    .addHelpText('after', more(MORE))
    .action((options: CountOptions) => counted(options, terminal))
}

async function counted({ by, json, env, ...options }: CountOptions, terminal: Terminal): Promise<void> {
  const { state } = options
  const filter = filterOf(options)
  const config = configOf(terminal, env)
  await AlertsReader.run(config, terminal.stop, async reader => {
    const behind = state === 'resolved' ? 0 : await reader.behind()
    const found = await selectedAlerts(reader, state, filter)
    const counts = countedAlerts(found, by)
    const report = { env: config.env, state, by, counts, total: found.length, behind }
    printReport(terminal, report, json, (one, columns) => countText(one, columns, isNarrowed(options)))
  })
}
