import { resolve } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import type { Environment } from '../lib/config.ts'

/** What a command has of the world around it: a terminal, or a test. */
export interface Terminal {
  /** `isTTY` where a person sits at it, who can be asked. */
  readonly stdin: Readable & { readonly isTTY?: boolean }
  readonly stdout: Writable
  /** `isTTY` and `columns` as a terminal has them. */
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number }
  readonly environment: Environment
  /** Relative file names start here. */
  readonly folder: string
  /** Aborted when the user wants to stop: the command then ends in order. */
  readonly stop: AbortSignal
}

export function pathIn({ folder }: Pick<Terminal, 'folder'>, file: string): string {
  return resolve(folder, file)
}

/**
 * The folder the user is in. npm runs a script in the project's folder and tells in INIT_CWD where it was called; a
 * command that was started otherwise may have inherited the variable from some other npm.
 */
export function callersFolder(environment: Environment, workingFolder: string): string {
  return (environment.npm_lifecycle_event === 'sluice' && environment.INIT_CWD) || workingFolder
}
