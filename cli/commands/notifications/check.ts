import { join } from 'node:path'
import type { Command } from 'commander'
import { faultLine, InvalidRoutes, type LocatedFault } from '../../../lib/notification/parse-routes.ts'
import { loadRoutes, ROUTES_FILE, RoutesFileError } from '../../../lib/notification/routes-file.ts'
import { someText } from '../../arguments.ts'
import { CliFailure } from '../../failure.ts'
import { more } from '../../help.ts'
import { pathIn, type Terminal } from '../../terminal.ts'

const ABOUT = `Check the notification routes of a folder, as the functions read them when they start.

Every error is listed with file, line, route and key, and the exit status is 1 if there is any. \`serverless package\` and
\`serverless deploy\` refuse such routes.`

const MORE = `
Examples:
  sluice notifications check
  sluice notifications check deploy/notifications --json`

export function addNotificationsCheck(notifications: Command, terminal: Terminal): void {
  notifications
    .command('check')
    .summary('check the notification routes of a folder')
    .description(ABOUT)
    .argument('[dir]', 'folder with routes.yaml (default: NOTIFICATIONS_DIR, else "notifications")', someText)
    .option('--json', 'print one JSON document')
    .addHelpText('after', more(MORE))
    .action((dir: string | undefined, options: { readonly json?: true }) => check(dir, options, terminal))
}

async function check(
  dir: string | undefined,
  { json }: { readonly json?: true },
  terminal: Terminal,
): Promise<void> {
  const { stdout, environment } = terminal
  const folder = dir ?? (environment.NOTIFICATIONS_DIR || 'notifications')
  const { routes, errors } = await checked(pathIn(terminal, folder), folder)
  const report = { file: join(folder, ROUTES_FILE), routes, errors }
  if (json) stdout.write(`${JSON.stringify(report, null, 2)}\n`)
  else if (errors.length === 0) stdout.write(`${count(routes, 'route')}: ${report.file}\n`)
  else stdout.write(errors.map(error => `${faultLine(error)}\n`).join(''))
  if (errors.length > 0)
    throw new CliFailure(`${count(errors.length, 'error')} in the notification routes of ${folder}.`)
}

async function checked(
  folder: string,
  shown: string,
): Promise<{ readonly routes: number; readonly errors: readonly LocatedFault[] }> {
  try {
    const { routes } = await loadRoutes(folder, shown)
    return { routes: routes.length, errors: [] }
  } catch (error) {
    if (error instanceof InvalidRoutes) return { routes: 0, errors: error.faults }
    throw error instanceof RoutesFileError ? new CliFailure(error.message) : error
  }
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}
