import { oneOf } from '#runtime/settings/index.ts'
import { command, environment, JSON_OPTION, option } from '../command.ts'
import { printReport } from '../terminal.ts'
import { readSilences } from './change-silences.ts'
import { formatSilences, toReport } from './text.ts'

export default command({
  about: `List active and scheduled silences, in the order of creation.

With \`--state past\`, ended silences are listed; the last 200 are kept.`,
  more: 'Examples:\n  sluice silence list\n  sluice silence list --state past --json',
  options: {
    state: option(
      '<state>',
      'only silences in this state, or all',
      oneOf(['active', 'pending', 'past', 'all']),
    ),
    json: JSON_OPTION,
    env: environment('of the silences'),
  },
  async run({ state, json, env }, terminal) {
    const found = await readSilences(terminal, env)
    const nowMs = Date.now()
    const silences = (found.set?.silences ?? [])
      .map(silence => toReport(silence, nowMs))
      .filter(
        report => state === 'all' || (state === undefined ? report.state !== 'past' : report.state === state),
      )
    printReport(terminal, { env: found.env, silences }, json, (report, width) =>
      formatSilences(report.silences, width),
    )
  },
})
