/** Runs npm, with the tools of this project on the PATH. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { withLockFile } from '#local-servers/lock-file.mjs'
import { PROJECT } from './program.ts'

/** Time limit, in milliseconds. It is sufficient for installing hundreds of packages on a busy machine. */
const TIMEOUT_MS = 300_000

/** Lock of the packages' builds, because each build replaces the same `dist`, and test files run concurrently. */
export const PACK_LOCK = join(PROJECT, '.local', 'pack.lock')

/**
 * Arguments for installing packages without a lock file. npm uses packages that it has already downloaded, and skips audits and
 * funding messages.
 */
export const INSTALL = ['install', '--prefer-offline', '--no-audit', '--no-fund'] as const

/** Runs npm in a folder and returns its output. Rejects if it fails. */
export async function npm(cwd: string, ...args: readonly string[]): Promise<string> {
  return readOutput('npm', args, cwd)
}

/** Returns a setting of npm as it is on this machine; undefined if it is not set. */
export async function npmSetting(name: string): Promise<string | undefined> {
  const value = (await npm(PROJECT, 'config', 'get', name)).trim()
  return ['', 'null', 'undefined'].includes(value) ? undefined : value
}

/** Returns the path of a command, which must be a script for Node.js. */
export function findScript(name: string): string {
  const folders = (process.env.PATH ?? '').split(delimiter)
  const path = folders.map(folder => join(folder, name)).find(existsSync)
  if (path === undefined) throw new Error(`${name} is not on the PATH`)
  return path
}

/** Runs shell commands in a folder, with the same PATH as `npm run`, and returns their output. Rejects if a command fails. */
export async function shell(cwd: string, commands: string): Promise<string> {
  return readOutput('sh', ['-c', commands], cwd)
}

async function readOutput(command: string, args: readonly string[], cwd: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(command, args, findTools(cwd))
    return stdout
  } catch (error) {
    // Replace the error after a timeout, because Node.js reports only that the command failed.
    if (!(error as { killed?: boolean }).killed) throw error
    throw new Error(`${command} ${args.join(' ')} was ended: it took longer than ${TIMEOUT_MS / 1000} s`)
  }
}

/** Tarball of a package. */
export interface Packed {
  readonly name: string
  readonly filename: string
  /** Bytes of the tarball. */
  readonly size: number
  readonly files: readonly { readonly path: string }[]
}

/**
 * Builds and packs workspaces of this repository, in the same way as for publishing.
 *
 * @param into folder for the tarballs
 * @returns what npm says of the tarballs, one per workspace
 */
export async function pack(into: string, ...workspaces: readonly string[]): Promise<readonly Packed[]> {
  const selected = workspaces.flatMap(name => ['--workspace', name])
  const printed = await withLockFile(PACK_LOCK, () =>
    npm(PROJECT, 'pack', ...selected, '--json', '--pack-destination', into),
  )
  // The builds may print lines before the JSON.
  const packed: readonly Packed[] = JSON.parse(printed.slice(printed.indexOf('[\n')))
  if (packed.length !== workspaces.length) throw new Error(`npm packed ${packed.length} of ${workspaces}`)
  return packed
}

function findTools(cwd: string) {
  const tools = join(PROJECT, 'node_modules', '.bin')
  const { NODE_TEST_CONTEXT: _, ...inherited } = process.env
  const env = { ...inherited, PATH: [tools, process.env.PATH].join(delimiter) }
  return { cwd, env, timeout: TIMEOUT_MS }
}
