import type { Command } from 'commander'
import { topicSize } from '../../../lib/app/topics.ts'
import { pendingAlerts, selectedAlerts } from '../../../lib/queries/known-alerts.ts'
import { type ActiveAlert, activeAlerts } from '../../../lib/tables/conditions.ts'
import {
  ABOUT_TIMES,
  addSelection,
  filterOf,
  isNarrowed,
  type SelectionOptions,
} from '../../alerts/options.ts'
import { AlertsReader } from '../../alerts/read.ts'
import { listText } from '../../alerts/text.ts'
import { environmentOption, JSON_OPTION, positiveInteger } from '../../arguments.ts'
import { configOf } from '../../connections.ts'
import { usageFailure } from '../../failure.ts'
import { more } from '../../help.ts'
import { printReport, type Terminal } from '../../terminal.ts'

interface ListOptions extends SelectionOptions {
  readonly pending?: true
  readonly limit: number
  readonly json?: true
  readonly env?: string
}

const ABOUT = `List alerts, the newest last: those that fire now, or with --state those that have resolved.

What fires now is known to the function firing-alerts, so the answer does not depend on how many entities there are. What has
resolved is read from the alerts topic.`

const MORE = `
${ABOUT_TIMES}

An alert is pending while its condition holds, but not for long enough yet. Only alerting knows that: --pending reads its state of
every entity and group. BY is who has acknowledged the alert.

Examples:
  sluice alerts list
  sluice alerts list --severity critical --unacknowledged
  sluice alerts list --state all --rule HIGH_TEMP --since 6h --json`

export function addAlertsList(alerts: Command, terminal: Terminal): void {
  const list = alerts
    .command('list')
    .summary('list the alerts that fire now, or have fired')
    .description(ABOUT)
  addSelection(list)
    .option('--pending', 'also those that do not fire yet')
    .option('--limit <n>', 'maximum number, newest first', positiveInteger, 50)
    .option(...JSON_OPTION)
    .option(...environmentOption('to look at'))
    .addHelpText('after', more(MORE))
    .action((options: ListOptions) => listed(options, terminal))
}

async function listed({ limit, json, env, ...options }: ListOptions, terminal: Terminal): Promise<void> {
  const { state, pending } = options
  const filter = filterOf(options)
  if (pending && state === 'resolved')
    throw usageFailure('--pending and --state resolved exclude each other.')
  const config = configOf(terminal, env)
  await AlertsReader.run(config, terminal.stop, async reader => {
    const behind = state === 'resolved' ? 0 : await reader.behind()
    const found = await selectedAlerts(reader, state, filter)
    const waiting = pending ? pendingAlerts(await activeIn(reader), filter) : undefined
    const report = {
      env: config.env,
      state,
      alerts: found.slice(-limit),
      total: found.length,
      behind,
      ...(waiting && { pending: waiting }),
    }
    printReport(terminal, report, json, (one, columns) => listText(one, columns, isNarrowed(options)))
  })
}

function activeIn({ inspection, config: { env } }: AlertsReader): Promise<ActiveAlert[]> {
  return activeAlerts(inspection, topicSize('readings', env), topicSize('patterns', env))
}
