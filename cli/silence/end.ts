import { withoutSilence } from '../../lib/notification/silences.ts'
import { userOfMachine } from '../../scripts/machine-user.ts'
import { argument, command, environment, JSON_OPTION, option, SOME_TEXT } from '../command.ts'
import { CliFailure } from '../failure.ts'
import { printReport } from '../terminal.ts'
import { changeSilences } from './change-silences.ts'

export default command({
  about: `End a silence now, even if it has not started.

Muted alerts that still fire cause notifications within a group interval, five minutes by default.`,
  more: 'Example:\n  sluice silence end 3fa91c20',
  args: {
    id: argument('id of the silence, as shown by `sluice silence list`', SOME_TEXT),
  },
  options: {
    author: option('<name>', 'person who ends it (default: the user of this machine)', SOME_TEXT),
    comment: option('<text>', 'why', SOME_TEXT),
    json: JSON_OPTION,
    env: environment('of the silence'),
  },
  async run({ id, ...options }, terminal) {
    const { author = userOfMachine(), comment = '', env, json } = options
    const set = await changeSilences(
      terminal,
      env,
      { action: 'silence end', filter: { id } },
      (before, nowMs) => {
        const next = withoutSilence(before, id, { author, comment }, nowMs)
        if (next === undefined)
          throw new CliFailure(
            `Nothing was changed: no active or scheduled silence has the id ${id}. \`sluice silence list --state all\` lists all silences.`,
          )
        return next
      },
    )
    const endsAt = set.silences.find(silence => silence.id === id)?.endsAt
    printReport(terminal, { id, endsAt }, json, () => `Silence ${id} has ended.\n`)
  },
})
