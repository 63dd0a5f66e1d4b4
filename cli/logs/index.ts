import { join } from 'node:path'
import { readFunctions } from '../../lib/app/functions.ts'
import { suggestion } from '../../lib/similar.ts'
import { FRAMEWORK, functionLogsDir, loggedFunctions } from '../../programs/function-logs.ts'
import { ANY_TEXT, command, flag, optionalArguments, optionWithDefault, POSITIVE, short } from '../command.ts'
import { CliFailure } from '../failure.ts'
import { logsDirOf } from './logs-dir.ts'
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
