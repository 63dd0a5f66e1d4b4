import {
  type NotificationError,
  readNotificationFiles,
} from '../../lib/notification/adapters/check-notifications.ts'
import type { Receiver } from '../../lib/notification/receiver.ts'
import { count } from '../../lib/support/count.ts'
import { command, JSON_OPTION, optionalArgument, SOME_TEXT } from '../command.ts'
import { CliFailure } from '../failure.ts'
import { printReport, resolvePath } from '../terminal.ts'

interface Report {
  readonly folder: string
  readonly routes: readonly string[]
  readonly receivers: readonly Pick<Receiver, 'name' | 'kind'>[]
  readonly errors: readonly Omit<NotificationError, 'text'>[]
}

export default command({
  about: `Validate the notification routes and receivers of a folder, as the functions read them when they start.

Every error is listed with file, line and key, and the exit status is 1 if there are any. \`serverless package\` and
\`serverless deploy\` reject a folder with errors.`,
  more: `
Examples:
  sluice notifications check
  sluice notifications check deploy/notifications --json`,
  args: {
    dir: optionalArgument(
      'folder with both files (default: NOTIFICATIONS_DIR, else "config/notifications")',
      SOME_TEXT,
    ),
  },
  options: {
    json: JSON_OPTION,
  },
  async run({ dir, json }, terminal) {
    const folder = dir ?? (terminal.environment.NOTIFICATIONS_DIR || 'config/notifications')
    const { routes, receivers, errors } = await readNotificationFiles(resolvePath(terminal, folder), folder)
    const report: Report = {
      folder,
      routes: routes?.routes.map(({ name }) => name) ?? [],
      receivers: receivers?.map(({ name, kind }) => ({ name, kind })) ?? [],
      errors: errors.map(({ text: _, ...error }) => error),
    }
    const lines = errors.map(({ text }) => `${text}\n`).join('')
    printReport(terminal, report, json, errors.length > 0 ? () => lines : formatReport)
    if (errors.length > 0) throw new CliFailure(`${count(errors.length, 'error')} in ${folder}.`)
  },
})

function formatReport({ folder, routes, receivers }: Report): string {
  const names = receivers.map(({ name, kind }) => (name === kind ? name : `${name} (${kind})`)).join(', ')
  return `${folder}: ${count(routes.length, 'route')}, ${count(receivers.length, 'receiver')}: ${names}\n`
}
