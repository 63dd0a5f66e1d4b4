/** The `sluice` command: registers its commands, and turns errors into messages and an exit status. */
import { Command, CommanderError } from 'commander'
import { OperationFailure } from '../lib/operations/failure.ts'
import { ConfigError } from '../packages/runtime/settings/config-error.ts'
import { requireRightValues, stackName } from './arguments.ts'
import { addAlerts } from './commands/alerts.ts'
import { addBreaker } from './commands/breaker.ts'
import { addCompletion } from './commands/completion.ts'
import { addConsole } from './commands/console.ts'
import { addConsume } from './commands/consume.ts'
import { addDlq } from './commands/dlq.ts'
import { addDoctor } from './commands/doctor.ts'
import { addGroups } from './commands/groups.ts'
import { addImport } from './commands/import.ts'
import { addInspect } from './commands/inspect.ts'
import { addLogs } from './commands/logs.ts'
import { addNew } from './commands/new.ts'
import { addNotifications } from './commands/notifications.ts'
import { addPublish } from './commands/publish.ts'
import { addRecord } from './commands/record.ts'
import { addReplay } from './commands/replay.ts'
import { addReprocess } from './commands/reprocess.ts'
import { addRules } from './commands/rules.ts'
import { addRun } from './commands/run.ts'
import { addSchemas } from './commands/schemas.ts'
import { addSilence } from './commands/silence.ts'
import { addSimulate } from './commands/simulate.ts'
import { addSkip } from './commands/skip.ts'
import { addStacks } from './commands/stacks.ts'
import { addState } from './commands/state.ts'
import { addStats } from './commands/stats.ts'
import { addTail } from './commands/tail.ts'
import { addTopics } from './commands/topics.ts'
import { addVerify } from './commands/verify.ts'
import { CliFailure, isStop } from './failure.ts'
import { HELP, helpWidth } from './help.ts'
import { addKafkaOptions, kafkaEnvironment } from './kafka-options.ts'
import { withOptionNames } from './option-names.ts'
import { columnsOf, type Terminal } from './terminal.ts'
import { version } from './version.ts'

const ABOUT = `For those who run Sluice: bring recorded telemetry in, and see what became of it.

The servers are those of the stack that --stack names, else of KAFKA_BROKERS and REDIS_URL, else those of \`npm start\` on
this machine.`

/**
 * Runs the command that the arguments name.
 *
 * @param args without the program's own name
 * @returns the exit status: 0; 1 for a failure, 2 for wrong usage, 3 if `verify` could not compare, 130 if it was stopped
 */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const running: Running = { command: undefined }
  try {
    await program(terminal, running).parseAsync([...args], { from: 'user' })
    return terminal.stop.aborted ? 130 : 0
  } catch (error) {
    return ended(error, terminal, running)
  }
}

/** The command that runs; undefined before one does. */
interface Running {
  command: Command | undefined
}

/** The whole command line. @param running is told which command runs */
export function program(terminal: Terminal, running: Running): Command {
  const sluice = new Command('sluice')
    .description(ABOUT)
    .exitOverride()
    .configureOutput({
      writeOut: text => terminal.stdout.write(text),
      writeErr: text => terminal.stderr.write(text),
      // One id in 64 begins like an option.
      outputError: (text, write) =>
        write(text.replace(/(unknown option '-[\w-]{20,}')/, '$1: write -- before an id')),
      getOutHelpWidth: () => helpWidth(columnsOf(terminal)),
      getErrHelpWidth: () => helpWidth(columnsOf({ ...terminal, stdout: terminal.stderr })),
    })
    .configureHelp(HELP)
    .showHelpAfterError('Try it with --help.')
    .helpCommand(false)
    .version(version())
    .option('--stack <name>', 'the running stack to work with, as in `npm start -- --name <name>`', stackName)
    .hook('preAction', (_, command) => {
      running.command = command
      requireRightValues(command)
    })
  const context: Terminal = {
    ...terminal,
    // Known when a command runs; commands are added before that.
    get stack() {
      return sluice.opts().stack
    },
    withKafkaOptions: environment => kafkaEnvironment(running.command, environment, terminal.folder),
  }
  addImport(sluice, context)
  addRecord(sluice, context)
  addReplay(sluice, context)
  addReprocess(sluice, context)
  addSimulate(sluice, context)
  addStats(sluice, context)
  addState(sluice, context)
  addBreaker(sluice, context)
  addSkip(sluice, context)
  addTail(sluice, context)
  addTopics(sluice, context)
  addVerify(sluice, context)
  addAlerts(sluice, context)
  addDlq(sluice, context)
  addDoctor(sluice, context)
  addGroups(sluice, context)
  addConsole(sluice, context)
  addConsume(sluice, context)
  addPublish(sluice, context)
  addInspect(sluice, context)
  addLogs(sluice, context)
  addRules(sluice, context)
  addRun(sluice, context)
  addNotifications(sluice, context)
  addSchemas(sluice, context)
  addSilence(sluice, context)
  addNew(sluice, context)
  addStacks(sluice, context)
  addCompletion(sluice, context)
  addKafkaOptions(sluice, terminal.environment)
  return sluice
}

function ended(error: unknown, { stderr, stop }: Terminal, { command }: Running): number {
  // Commander has printed its message already. Its status is 0 after --help, and 1 for any wrong usage.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  if (isStop(error, stop)) return 0
  if (error instanceof OperationFailure) {
    stderr.write(`${error.message}\n`)
    return error instanceof CliFailure ? error.status : error.isUsage ? 2 : 1
  }
  if (error instanceof ConfigError) {
    stderr.write(`${withOptionNames(error.message, command)}\n`)
    return 2
  }
  const trace = error instanceof Error ? error.stack : String(error)
  stderr.write(`This is a fault of Sluice itself:\n${trace}\n`)
  return 1
}
