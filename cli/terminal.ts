import { resolve } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import type { Environment } from '#runtime/settings'

/** Environment in which a command runs: streams, variables and folders. Tests provide their own. */
export interface Terminal {
  /** Standard input. `isTTY` is true if the user can be asked for confirmation. */
  readonly stdin: Readable & { readonly isTTY?: boolean }
  /** Standard output. `isTTY` and `columns` are set if it is a terminal. */
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number }
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number }
  /** Environment variables of the process, and variables that the settings file adds. */
  readonly environment: Environment
  /** Base folder of relative file names. */
  readonly folder: string
  /** Name of the stack in the option `--stack`. The stack's servers take precedence over servers in variables. */
  readonly stack?: string | undefined
  /** Adds the values of the running command's Kafka options to the variables. */
  readonly withKafkaOptions?: (environment: Environment) => Environment
  /** Folder with the files of running stacks. */
  readonly stacksDir?: string
  /** Signal that is aborted when the user wants to stop the command. The command must then finish its work and end. */
  readonly stop: AbortSignal
}

/**
 * Returns the number of columns of the terminal. Undefined if the output is not a terminal and COLUMNS is not set, in which case
 * nothing is truncated.
 */
export function getColumns({
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
  terminal.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : text(report, getColumns(terminal)))
}

/** Prints flat documents, one per line. */
export function printLines({ stdout }: Pick<Terminal, 'stdout'>, documents: readonly object[]): void {
  for (const document of documents) stdout.write(`${JSON.stringify(document)}\n`)
}

export function resolvePath({ folder }: Pick<Terminal, 'folder'>, file: string): string {
  return resolve(folder, file)
}

/**
 * Returns the folder in which the user runs the command. npm runs a script in the project's folder and passes the original folder
 * in INIT_CWD. A command that was not started by npm may have inherited the variable from another npm process.
 */
export function resolveCallerFolder(environment: Environment, workingFolder: string): string {
  return (environment.npm_lifecycle_event === 'sluice' && environment.INIT_CWD) || workingFolder
}
