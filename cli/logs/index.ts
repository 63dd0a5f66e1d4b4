import { join, resolve } from 'node:path'
import { readFunctions } from '../../lib/app/functions.ts'
import { suggestion } from '../../lib/similar.ts'
import { onlyOne, StackNotFound } from '../../programs/addresses.ts'
import { FRAMEWORK, functionLogsDir, loggedFunctions } from '../../programs/function-logs.ts'
import { DEFAULT_STACK, runningStack, runningStacks, STACKS_DIR } from '../../programs/stack.ts'
import { ANY_TEXT, command, flag, optionalArguments, optionWithDefault, POSITIVE, short } from '../command.ts'
import { CliFailure } from '../failure.ts'
import type { Terminal } from '../terminal.ts'
import { showLogs } from './show.ts'

export default command({
  about: `Show the logs of functions in a stack of \`npm start\`, either the running one or the last one.

Each function writes to a separate file, ${join('logs', 'functions', 'NAME.log')} in the stack's data folder; metrics
in it are not shown here. "${FRAMEWORK}" is the log of the framework that runs the functions, which explains why a
function cannot start.`,
  more: `
Output of --json: each line is one document with function, time, level, message and details.

Examples:
  sluice logs
  sluice logs processor alerting -f
  sluice --stack lab logs ${FRAMEWORK}`,
  args: {
    function: optionalArguments('only these', ANY_TEXT),
  },
  options: {
    follow: short('f', flag('continue with new lines')),
    lines: short('n', optionWithDefault('<n>', 'number of last lines of each function', POSITIVE, 50)),
    json: flag('print one JSON document per line'),
  },
  run({ function: functions, follow, lines, json }, terminal) {
    const logsDir = logsDirOf(terminal)
    const logged = loggedFunctions(functionLogsDir(logsDir))
    const known = [...new Set([...readFunctions().map(({ name }) => name), ...logged])].sort()
    const unknown = functions.filter(name => name !== FRAMEWORK && !known.includes(name))
    if (unknown.length > 0)
      throw new CliFailure(
        `Unknown function ${unknown.join(', ')}.${suggestion(unknown[0] ?? '', [...known, FRAMEWORK]) ?? ''} The functions are ${known.join(', ')}, and ${FRAMEWORK}.`,
      )
    if (logged.length === 0)
      terminal.stderr.write(
        `No function has logged anything yet in ${logsDir}: check that \`npm start\` is running, and that this is its stack.\n`,
      )
    return showLogs({ logsDir, functions, last: lines, follow, json }, terminal)
  },
})

/**
 * Returns the folder with the logs of the selected stack. A stack that is selected by name does not have to be running, because its
 * logs are kept.
 *
 * @throws CliFailure if several stacks are running and none is selected
 */
function logsDirOf({ environment, stack, stacksDir = STACKS_DIR }: Terminal): string {
  const name = stack ?? (environment.SLUICE_STACK || undefined)
  try {
    const running = name === undefined ? onlyOne(runningStacks(stacksDir)) : runningStack(name, stacksDir)
    if (running) return running.logsDir
  } catch (error) {
    throw error instanceof StackNotFound ? new CliFailure(error.message) : error
  }
  const dataDir = environment.SLUICE_DATA_DIR?.trim()
  if (dataDir) return resolve(dataDir, 'logs')
  return name === undefined || name === DEFAULT_STACK
    ? join(stacksDir, '..', 'logs')
    : join(stacksDir, name, 'logs')
}
