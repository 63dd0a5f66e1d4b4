import { removeTables } from '../../lib/operations/views/plan-change.ts'
import { argumentList, command, environment, flag, JSON_OPTION, SOME_TEXT } from '../command.ts'
import { confirm } from '../operation/confirm.ts'
import { resolveConfig } from '../servers/settings.ts'
import { withViews } from '../servers/views.ts'
import { printReport } from '../terminal.ts'
import { applyChange } from './apply-change.ts'

export default command({
  about: `Drop tables, with all their rows. Those who follow a table are disconnected.

Remove the statement from config/views before. Otherwise \`npm start\` or the next \`sluice views apply\` builds the table
again from the records that the log still has.`,
  more: `
Examples:
  sluice views drop device_activity_counts
  sluice views drop device_activity_counts device_sensor_stats --yes`,
  args: { table: argumentList('names of tables', SOME_TEXT) },
  options: {
    yes: flag('do not ask for confirmation'),
    json: JSON_OPTION,
    env: environment('of the tables'),
  },
  run: ({ table: names, yes, json, env }, terminal) =>
    withViews(resolveConfig(terminal, env), async servers => {
      const wanted = removeTables(servers.plan, names)
      await confirm(`Drop ${names.join(', ')}?`, yes, terminal)
      const filter = { tables: names.join(', ') }
      const counts = await applyChange(servers, { action: 'views drop', filter }, wanted, terminal)
      if (counts) printReport(terminal, { dropped: names, ...counts }, json, () => 'Done.\n')
    }),
})
