import { selectedAlerts } from '../../lib/queries/known-alerts.ts'
import { COUNTED_BY, countedAlerts } from '../../lib/tables/alert-summary.ts'
import { oneOf } from '../../packages/runtime/settings/values.ts'
import { command, environment, JSON_OPTION, optionWithDefault } from '../command.ts'
import { configOf } from '../connections.ts'
import { printReport } from '../terminal.ts'
import { ABOUT_TIMES, filterOf, isNarrowed, SELECTION } from './options.ts'
import { AlertsReader } from './read.ts'
import { countText } from './text.ts'

export default command({
  about: `Count firing alerts. With --state, resolved alerts are counted, too.`,
  more: `
${ABOUT_TIMES}

Examples:
  sluice alerts count --by severity
  sluice alerts count --state all --since 1d --by hour`,
  options: {
    by: optionWithDefault(
      '<what>',
      'property to count by; hour is the time of firing, in UTC',
      oneOf(COUNTED_BY),
      'rule',
    ),
    ...SELECTION,
    json: JSON_OPTION,
    env: environment('to look at'),
  },
  async run({ by, json, env, ...options }, terminal) {
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
  },
})
