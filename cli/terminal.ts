import { resolve } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import type { Command } from 'commander'
import type { SettingsFile } from '../lib/app/settings-file.ts'
import type { Environment } from '../packages/runtime/settings/slice.ts'

/** Environment of a command. Tests replace it. */
export interface Terminal {
  /** Standard input. `isTTY` is true if the user can be asked. */
  readonly stdin: Readable & { readonly isTTY?: boolean }
  /** Standard output, with the properties of a terminal. */
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number }
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number }
  /** Variables of the process, and those that the settings file adds. */
  readonly environment: Environment
  /** Variables of the process only; absent if there is no settings file. */
  readonly ownEnvironment?: Environment
  readonly settingsFile?: SettingsFile | undefined
  /** Base folder of relative file names. */
  readonly folder: string
  /** Stack in the option `--stack`. Its servers take precedence over those in variables. */
  readonly stack?: string | undefined
  /** Applies the Kafka options of the running command to the variables. */
  readonly withKafkaOptions?: (environment: Environment) => Environment
  /** Folder with the files of running stacks. */
  readonly stacksDir?: string
  /** Builds the command line, with the commands that these words select. */
  readonly commandLine?: (words: readonly string[]) => Promise<Command>
  /** Signal that is aborted when the user wants to stop. The command then ends in an orderly way. */
  readonly stop: AbortSignal
  /** Aborts `stop` from now on if the reader of `stdout` closes it. Without this call, the process ends immediately. */
  stopWhenUnread?(): void
}

/**
 * Returns the number of columns of the terminal. Undefined if the output is not a terminal and COLUMNS is not
 * set; then nothing is truncated.
 */
export function columnsOf({
  stdout,
  environment,
}: Pick<Terminal, 'stdout' | 'environment'>): number | undefined {
  if (stdout.isTTY && stdout.columns) return stdout.columns
  const { COLUMNS = '' } = environment
  return /^[1-9]\d{0,4}$/.test(COLUMNS) ? Number(COLUMNS) : undefined
}

/** Prints a report, either as one JSON document or as text. */
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
 * Returns the folder in which the user runs the command. npm runs a script in the project's folder and passes the original folder
 * in INIT_CWD; a command that was started otherwise may have inherited the variable from another npm.
 */
export function callersFolder(environment: Environment, workingFolder: string): string {
  return (environment.npm_lifecycle_event === 'sluice' && environment.INIT_CWD) || workingFolder
}
