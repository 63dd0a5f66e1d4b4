/** The `sluice` program. It selects the command from the arguments, and converts errors to messages and an exit status. */

import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { ConfigError, withoutServiceLinks } from '#runtime/settings'
import { optionField } from '../control/questions/field.ts'
import { escapeTextLines } from '../lib/support/escape-text.ts'
import { Failure } from '../lib/support/failure.ts'
import { FileError } from '../lib/support/file-errors.ts'
import { withoutOpposite } from '../scripts/command-line.ts'
import { STACK_NAME } from '../scripts/running-stacks.ts'
import { COMMANDS, type CommandTree, type ListedCommand, REMOVED_COMMANDS } from './commands.ts'
import { createOption, declare, requireValidValues } from './declare.ts'
import { CliFailure, isStop, StoppedByUser, usageFailure } from './failure.ts'
import { applyKafkaOptions } from './kafka-options.ts'
import { addOptionNames } from './setting-options.ts'
import { getColumns, type Terminal } from './terminal.ts'

/** Returns the version in package.json. */
function readVersion(): string {
  return JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version
}

const ABOUT = `Command line for operators of Sluice: import recorded telemetry, and inspect the results.

Commands connect to the stack that --stack names, otherwise to the servers in KAFKA_BROKERS and REDIS_URL, otherwise to
the servers of \`npm start\` on this machine. --config FILE or SLUICE_CONFIG specifies a settings file.`

const STACK = optionField('<name>', 'running stack to use, as in `npm start -- --name <name>`', STACK_NAME)

/**
 * Runs the command that the arguments select.
 *
 * @param args arguments without the program's name
 * @returns the exit status: 0 for success, 1 for a failure, 2 for wrong usage, 3 if `verify` could not
 * compare, 130 if the command was stopped
 */
export async function run(args: readonly string[], { environment, ...rest }: Terminal): Promise<number> {
  const terminal = { ...rest, environment: withoutServiceLinks(environment) }
  const running: Running = { command: undefined }
  try {
    const { context, words } = await applySettingsFile(terminal, args)
    refuseRemoved(words)
    await (await buildProgram(context, running, words)).parseAsync([...words], { from: 'user' })
    return terminal.stop.aborted ? 130 : 0
  } catch (error) {
    return handleError(error, terminal, running)
  }
}

/**
 * Removes `--config FILE` from the command line, at any position, and reads variables from that file or from the file in
 * SLUICE_CONFIG. With `--stack`, the addresses and names are those of the stack, and all else is that of the file.
 *
 * @throws OperationFailure for `--config` without a file
 */
async function applySettingsFile(terminal: Terminal, args: readonly string[]) {
  const at = args.findIndex(arg => /^--config(=|$)/.test(arg))
  const named =
    at === -1 ? undefined : args[at]?.includes('=') ? args[at].slice('--config='.length) : args[at + 1]
  const refuse = (error: string) =>
    usageFailure(`error: option '--config <file>' ${error}\nTry it with --help.`)
  if (at !== -1 && !named) throw refuse('argument missing')
  if (named === undefined && !terminal.environment.SLUICE_CONFIG) return { context: terminal, words: args }
  const { mergeSettingsFile } = await import('../control/environment/settings-file.ts')
  const environment = mergeSettingsFile(terminal.environment, named, terminal.folder)
  const words = at === -1 ? args : args.toSpliced(at, args[at] === '--config' ? 2 : 1)
  return { context: { ...terminal, environment }, words }
}

/** @throws OperationFailure for a command of an earlier version, with what to do instead */
function refuseRemoved(words: readonly string[]): void {
  const [first, second] = removeOptions(words)
  for (const word of [second, ...words.filter(word => word.startsWith('--'))]) {
    const name = `${first} ${word}`
    if (Object.hasOwn(REMOVED_COMMANDS, name))
      throw usageFailure(`error: the command '${name}' no longer exists: ${REMOVED_COMMANDS[name]}`)
  }
}

/** The running command; undefined before it starts. */
interface Running {
  command: Command | undefined
}

/**
 * Builds the command line. Only the selected commands are loaded. All others have only a name and a summary.
 *
 * @param running object in which the running command is stored
 * @param args words of the command line, which select the commands to load. If undefined, all commands are loaded.
 */
export async function buildProgram(
  terminal: Terminal,
  running: Running,
  args?: readonly string[],
): Promise<Command> {
  const sluice = new Command('sluice')
    .description(ABOUT)
    .exitOverride()
    .configureOutput({
      writeOut: text => terminal.stdout.write(text),
      writeErr: text => terminal.stderr.write(text),
      // An id can start with a dash, so that it is parsed as an option.
      outputError: (text, write) =>
        write(withoutOpposite(text.replace(/(unknown option '-[\w-]{20,}')/, '$1: write -- before an id'))),
      getOutHelpWidth: () => computeHelpWidth(terminal),
      getErrHelpWidth: () => computeHelpWidth({ ...terminal, stdout: terminal.stderr }),
    })
    .configureHelp({
      showGlobalOptions: true,
      subcommandTerm: command => command.name(),
      commandDescription: command => command.description().replace(/(?<=\S)\n(?=\S)/g, ' '),
    })
    .showHelpAfterError('Try it with --help.')
    .helpCommand(false)
    .version(readVersion())
    .addOption(createOption('stack', STACK))
    .hook('preAction', (_, command) => {
      running.command = command
      requireValidValues(command)
    })
  const context: Terminal = {
    ...terminal,
    // Evaluate this only when a command runs, because commands are added before the options are parsed.
    get stack() {
      return sluice.opts().stack
    },
    withKafkaOptions: environment => applyKafkaOptions(running.command, environment, terminal.folder),
  }
  await addCommands(sluice, COMMANDS, args && removeOptions(args), context)
  return sluice
}

/** Returns the width to which descriptions of options are wrapped. Longer lines than 120 are hard to read. */
function computeHelpWidth(terminal: Pick<Terminal, 'stdout' | 'environment'>): number {
  return Math.min(getColumns(terminal) ?? 100, 120)
}

/** Adds commands to their parent. @param words words that select one of the commands; undefined to load all commands */
async function addCommands(
  parent: Command,
  tree: CommandTree,
  words: readonly string[] | undefined,
  terminal: Terminal,
): Promise<void> {
  const [first, second] = words ?? []
  const add = async (command: Command, [line, load]: ListedCommand, isWanted: boolean) => {
    command.summary(line)
    if (words === undefined || isWanted) declare(command, (await load()).default, terminal)
  }
  for (const [name, { description, own, commands }] of Object.entries(tree)) {
    const group = parent.command(name).summary(description[0]).description(description[1])
    // The options after the words of a command of the group are those of that command.
    const isOfGroup = second === undefined || !Object.hasOwn(commands, second)
    if (own) await add(group, own, first === name && isOfGroup)
    for (const [last, leaf] of Object.entries(commands))
      await add(group.command(last), leaf, first === name && second === last)
  }
}

/** Returns the arguments that can be names of commands. Options and the values of global options are removed. */
function removeOptions(args: readonly string[]): string[] {
  return args.filter(
    (word, index) => !word.startsWith('-') && !['--stack', '--config'].includes(args[index - 1] ?? ''),
  )
}

function handleError(error: unknown, { stderr, stop }: Terminal, { command }: Running): number {
  // Commander has already printed a message. Its exit code is 0 after --help, and 1 for wrong usage, for which this program returns
  // 2.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  if (isStop(error, stop)) {
    // Only a stop of what would have changed something has a message: that nothing was changed.
    const message = error instanceof StoppedByUser ? error.message : ''
    if (message !== '') stderr.write(`${message}\n`)
    return message === '' ? 0 : 130
  }
  if (error instanceof Failure) {
    stderr.write(`${escapeTextLines(error.message)}\n`)
    return error instanceof CliFailure ? error.status : error.isUsage ? 2 : 1
  }
  // A file that a setting names, such as that of a family.
  if (error instanceof FileError) {
    stderr.write(`${error.message}\n`)
    return 2
  }
  if (error instanceof ConfigError) {
    stderr.write(`${addOptionNames(error.message, command)}\n`)
    return 2
  }
  const trace = error instanceof Error ? error.stack : String(error)
  stderr.write(`This is a bug in Sluice:\n${trace}\n`)
  return 1
}
