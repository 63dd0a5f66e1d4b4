import { resolve } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import type { Command } from 'commander'
import type { SettingsFile } from '../lib/app/settings-file.ts'
import type { Environment } from '../packages/runtime/settings/slice.ts'

/** Everything that a command uses of its environment; tests replace it. */
export interface Terminal {
  /** `isTTY` if a person can be asked. */
  readonly stdin: Readable & { readonly isTTY?: boolean }
  /** `isTTY` and `columns` as a terminal has them. */
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number }
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number }
  /** The variables of the process, and those that the settings file sets beneath them. */
  readonly environment: Environment
  /** The variables of the process alone; where missing, there is no settings file. */
  readonly ownEnvironment?: Environment
  readonly settingsFile?: SettingsFile | undefined
  /** Relative file names start here. */
  readonly folder: string
  /** The stack that the option `--stack` names; its servers go before those of variables. */
  readonly stack?: string | undefined
  /** The variables, as the options about Kafka of the command that runs change them. */
  readonly withKafkaOptions?: (environment: Environment) => Environment
  /** Folder with the files of running stacks. */
  readonly stacksDir?: string
  /** The command line, with the commands that these words name. */
  readonly commandLine?: (words: readonly string[]) => Promise<Command>
  /** Aborted when the user wants to stop: the command then ends in order. */
  readonly stop: AbortSignal
  /** Aborts `stop` from now on if the reader of `stdout` closes it. Without this call, the process ends at once. */
  stopWhenUnread?(): void
}

/** The columns of the terminal. Undefined if the output is not a terminal and COLUMNS is not set: then nothing is cut. */
export function columnsOf({
  stdout,
  environment,
}: Pick<Terminal, 'stdout' | 'environment'>): number | undefined {
  if (stdout.isTTY && stdout.columns) return stdout.columns
  const { COLUMNS = '' } = environment
  return /^[1-9]\d{0,4}$/.test(COLUMNS) ? Number(COLUMNS) : undefined
}

/** Prints a report: as one JSON document, or as text for people. */
export function printReport<T>(
  terminal: Terminal,
  report: T,
  json: boolean | undefined,
  text: (report: T, columns: number | undefined) => string,
): void {
  terminal.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : text(report, columnsOf(terminal)))
}

export function pathIn({ folder }: Pick<Terminal, 'folder'>, file: string): string {
  return resolve(folder, file)
}

/**
 * Returns the folder of the user. npm runs a script in the project's folder and passes the user's in INIT_CWD; a command that was
 * started otherwise may have inherited the variable from another npm.
 */
export function callersFolder(environment: Environment, workingFolder: string): string {
  return (environment.npm_lifecycle_event === 'sluice' && environment.INIT_CWD) || workingFolder
}
