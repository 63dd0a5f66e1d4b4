import { readShownAlerts } from '../../lib/queries/alerts/known-alerts.ts'
import { LimitedAlertSource } from '../../lib/questions/alert-source.ts'
import {
  argument,
  command,
  environment,
  JSON_OPTION,
  option,
  optionWithDefault,
  POSITIVE,
  SOME_TEXT,
  TIME_OR_AGO,
} from '../command.ts'
import { CliFailure } from '../failure.ts'
import { withEnvironment } from '../servers/open-environment.ts'
import { resolveConfig } from '../servers/settings.ts'
import { printReport } from '../terminal.ts'
import { formatAlertDetails } from './show-text.ts'

export default command({
  about: `Show an alert, or the alerts of an entity, with their history: times, reasons, values and traces.`,
  more: `
ALERT is an id as shown by \`sluice alerts list\`, or an entity: its whole subject, or words of its source and subject.
For an entity, pending alerts are shown as well. An id that begins with "-" must follow "--".

Examples:
  sluice alerts show IFzYlCPmXUzUpk-fYxk9ag
  sluice alerts show roof-1 --since 1d`,
  args: {
    alert: argument('id of the alert, or an entity', SOME_TEXT),
  },
  options: {
    since: option(
      '<time>',
      'only events written since: an RFC 3339 time, or a duration before now (default: all retained events)',
      TIME_OR_AGO,
    ),
    limit: optionWithDefault('<n>', 'maximum number, newest first', POSITIVE, 10),
    json: JSON_OPTION,
    env: environment('to look at'),
  },
  async run({ alert: wanted, since, limit, json, env }, terminal) {
    const config = resolveConfig(terminal, env)
    await withEnvironment(config, async environment => {
      const limits = { mostRecords: Number.POSITIVE_INFINITY, stop: terminal.stop }
      const source = new LimitedAlertSource(environment, limits)
      const found = await readShownAlerts(source, wanted, { sinceMs: since, limit })
      const report = { env: config.env, ...found }
      if (report.alerts.length === 0 && report.pending.length === 0)
        throw new CliFailure(
          `No alert in "${config.env}" has the id "${wanted}" or belongs to a matching entity. \`sluice alerts list --state all\` ` +
            'lists firing and resolved alerts, `sluice alerts pending` pending ones.',
        )
      printReport(terminal, report, json, formatAlertDetails)
    })
  },
})
