/** Runs npm in this repository. */
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { PROJECT, type ProgramResult, runProgram } from '@sluice/test-kit/program'
import { withLockFile } from '#local-servers/lock-file'

/** Runs npm. @throws Error with its output if it fails */
async function npm(args: readonly string[]): Promise<ProgramResult> {
  const ended = await runProgram(findScript('npm'), args)
  if (ended.code !== 0) throw new Error(ended.output)
  return ended
}

/** Returns the path of a command, which must be a script for Node.js. */
export function findScript(name: string): string {
  const folders = (process.env.PATH ?? '').split(delimiter)
  const path = folders.map(folder => join(folder, name)).find(existsSync)
  if (path === undefined) throw new Error(`${name} is not on the PATH`)
  return path
}

/** Returns a setting of npm as it is on this machine; undefined if it is not set. */
export async function npmSetting(name: string): Promise<string | undefined> {
  const value = (await npm(['config', 'get', name])).stdout.trim()
  return ['', 'null', 'undefined'].includes(value) ? undefined : value
}

/** Runs npm where it builds packages, with a lock: each build replaces the same `dist`, and test files run concurrently. */
export function npmBuild(args: readonly string[]): Promise<ProgramResult> {
  return withLockFile(join(PROJECT, '.local', 'pack.lock'), () => npm(args))
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
export async function pack(into: string, workspaces: readonly string[]): Promise<readonly Packed[]> {
  const selected = workspaces.flatMap(name => ['--workspace', name])
  const { stdout } = await npmBuild(['pack', ...selected, '--json', '--pack-destination', into])
  // The builds may print lines before the JSON.
  const packed: readonly Packed[] = JSON.parse(stdout.slice(stdout.indexOf('[\n')))
  if (packed.length !== workspaces.length) throw new Error(`npm packed ${packed.length} of ${workspaces}`)
  return packed
}
