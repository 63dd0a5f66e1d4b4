import { join } from 'node:path'
import type { Command } from 'commander'
import { readFunctions } from '../../lib/app/functions.ts'
import { FRAMEWORK, functionLogsDir, loggedFunctions } from '../../programs/function-logs.ts'
import { positiveInteger } from '../arguments.ts'
import { CliFailure } from '../failure.ts'
import { more } from '../help.ts'
import { logsDirOf } from '../logs/logs-dir.ts'
import { showLogs } from '../logs/show.ts'
import type { Terminal } from '../terminal.ts'

interface LogsOptions {
  readonly follow?: true
  readonly lines: number
  readonly json?: true
}

const ABOUT = `Show what functions have logged in a stack that \`npm start\` runs, or ran last.

Each function writes to a file of its own, ${join('logs', 'functions', 'NAME.log')} in the stack's data folder; metrics in it are left
out here. "${FRAMEWORK}" is the log of the framework that runs them, which says why one cannot start.`

const MORE = `
With --json, each line is one document: function, time, level, message and details.

Examples:
  sluice logs
  sluice logs processor alerting -f
  sluice --stack lab logs ${FRAMEWORK}`

export function addLogs(program: Command, terminal: Terminal): void {
  program
    .command('logs')
    .summary('show what functions have logged')
    .description(ABOUT)
    .argument('[function...]', 'only these')
    .option('-f, --follow', 'go on with what is logged from now on')
    .option('-n, --lines <n>', 'number of last lines of each function', positiveInteger, 50)
    .option('--json', 'print one JSON document a line')
    .addHelpText('after', more(MORE))
    .action((functions: string[], options: LogsOptions) => logs(functions, options, terminal))
}

function logs(
  functions: readonly string[],
  { follow, lines, json }: LogsOptions,
  terminal: Terminal,
): Promise<void> {
  const logsDir = logsDirOf(terminal)
  const logged = loggedFunctions(functionLogsDir(logsDir))
  const known = [...new Set([...readFunctions().map(({ name }) => name), ...logged])].sort()
  const unknown = functions.filter(name => name !== FRAMEWORK && !known.includes(name))
  if (unknown.length > 0)
    throw new CliFailure(
      `There is no function ${unknown.join(', ')}. There are: ${known.join(', ')}, and ${FRAMEWORK}.`,
    )
  if (logged.length === 0)
    terminal.stderr.write(
      `No function has logged anything yet in ${logsDir}: is \`npm start\` running, and is it this stack?\n`,
    )
  return showLogs({ logsDir, functions, last: lines, follow: follow ?? false, json: json ?? false }, terminal)
}
