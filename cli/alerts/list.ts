import { selectAlerts, selectPendingAlerts } from '../../lib/queries/alerts/known-alerts.ts'
import { toFlatDocument } from '../../lib/queries/records/flat-document.ts'
import { type ActiveAlert, conditionsNow, conditionTopics } from '../../lib/tables/conditions.ts'
import {
  command,
  environment,
  FLAT_OPTION,
  flag,
  JSON_OPTION,
  optionWithDefault,
  POSITIVE,
} from '../command.ts'
import { resolveConfig } from '../servers/settings.ts'
import { printLines, printReport } from '../terminal.ts'
import { AlertsReader } from './alerts-reader.ts'
import { ABOUT_TIMES, buildFilter, isNarrowed, SELECTION } from './filters.ts'
import { formatAlertList } from './text.ts'

export default command({
  about: `List firing alerts, newest last. With --state, resolved alerts are listed, too.

Firing alerts are read from the state of the function notifier, so the time of the query does not depend on the
number of entities. Resolved alerts are read from the alerts topic.`,
  more: `
${ABOUT_TIMES}

An alert is pending while its condition has not held for long enough yet. Only the state of alerting contains pending
alerts: --pending reads it for every entity and group.

Examples:
  sluice alerts list
  sluice alerts list --severity critical
  sluice alerts list --state all --rule HIGH_TEMP --since 6h --json`,
  options: {
    ...SELECTION,
    pending: flag('include alerts that do not fire yet'),
    limit: optionWithDefault('<n>', 'maximum number, newest first', POSITIVE, 50),
    json: JSON_OPTION,
    flat: FLAT_OPTION,
    env: environment('to look at'),
  },
  conflicts: [
    ['pending', 'state=resolved'],
    ['flat', 'json', 'pending'],
  ],
  async run({ limit, json, flat, env, ...options }, terminal) {
    const { state, pending } = options
    const filter = buildFilter(options)
    const config = resolveConfig(terminal, env)
    await AlertsReader.run(config, terminal.stop, async reader => {
      const behind = state === 'resolved' ? 0 : await reader.behind()
      const found = await selectAlerts(reader, state, filter)
      const waiting = pending ? selectPendingAlerts(await readActiveAlerts(reader), filter) : undefined
      const report = {
        env: config.env,
        state,
        alerts: found.slice(-limit),
        total: found.length,
        behind,
        ...(waiting && { pending: waiting }),
      }
      if (flat) return printLines(terminal, report.alerts.map(toFlatDocument))
      printReport(terminal, report, json, (list, columns) =>
        formatAlertList(list, columns, isNarrowed(options)),
      )
    })
  },
})

async function readActiveAlerts({
  inspection,
  config: { env, names },
}: AlertsReader): Promise<readonly ActiveAlert[]> {
  const topics = await conditionTopics(signal => names.topicSize(signal, env))
  return (await conditionsNow(inspection, ...topics)).active
}
