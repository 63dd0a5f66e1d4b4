import { userOfMachine } from '../../programs/person.ts'
import { argument, command, environment, flag, JSON_OPTION, option, SOME_TEXT } from '../command.ts'
import { configOf } from '../connections.ts'
import { printReport } from '../terminal.ts'
import { harmless } from '../text-width.ts'
import { type AckReport, acknowledge } from './acknowledge.ts'
import { AlertsReader } from './read.ts'

export default command({
  about: `Acknowledge a firing alert, to show who is working on it.

The acknowledgement is an event in the alerts topic, so it is kept even if Redis loses its contents. It ends when the
alert resolves, and does not affect when that happens. A later acknowledgement replaces it.`,
  more: `
An id that begins with "-" must follow "--", after all options.

Examples:
  sluice alerts ack IFzYlCPmXUzUpk-fYxk9ag --comment 'the fan is being replaced'
  sluice alerts ack IFzYlCPmXUzUpk-fYxk9ag --remove`,
  args: {
    id: argument('id of the alert, as shown by `sluice alerts list`', SOME_TEXT),
  },
  options: {
    by: option('<who>', 'the person who is working on it (default: the user of this machine)', SOME_TEXT),
    comment: option('<text>', 'description of the work on the alert', SOME_TEXT),
    remove: flag('withdraw the acknowledgement'),
    json: JSON_OPTION,
    env: environment('of the alert'),
  },
  async run({ id, by, comment, remove, json, env }, terminal) {
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
  },
})

function ackText({ rule, entity, acknowledged, by, outcome }: AckReport): string {
  const what = `${harmless(rule)} of ${harmless(entity)}`
  const done = acknowledged
    ? `${what} is acknowledged by ${harmless(by)}.`
    : `The acknowledgement of ${what} is withdrawn.`
  const more = {
    shown: '',
    resolved: ' It has resolved meanwhile.',
    'not-yet':
      ' It is in the log, but notifier has not processed it yet. To check its progress: sluice state show notifier --topic alerts',
  }[outcome]
  return `${done}${more}\n`
}
