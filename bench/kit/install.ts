import { existsSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { withLockFile } from '#local-servers/lock-file.mjs'
import { LOCAL } from '../../scripts/paths.ts'
import { runCommand } from './command.ts'

/** Bounds the download. */
const WITHIN_MS = 5 * 60_000

/** A peer of the comparison. The project does not depend on it. */
export interface Installation {
  /** Part of the folder's name: different for every other set of versions. */
  readonly name: string
  /** Title for reports. */
  readonly title: string
  /** Versions by the name under which a package is imported. */
  readonly packages: Readonly<Record<string, string>>
}

/**
 * The folder with these packages in their pinned versions. Installs them on first use, without scripts: those of a dependency may
 * report the installation to its maker.
 *
 * @throws Error with the output of npm if they cannot be installed
 */
export async function installed(
  installation: Installation,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<string> {
  const folder = join(LOCAL, 'peers', installation.name)
  await withLockFile(`${folder}.lock`, () => install(folder, installation, signal, say), { signal })
  return folder
}

async function install(
  folder: string,
  { title, packages }: Installation,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<void> {
  if (existsSync(folder)) return
  say(`installing ${title}`)
  // Renamed when it is complete.
  const unfinished = `${folder}.unfinished`
  await rm(unfinished, { recursive: true, force: true })
  await mkdir(unfinished, { recursive: true })
  const manifest = { name: 'sluice-bench-peers', private: true, dependencies: packages }
  await writeFile(join(unfinished, 'package.json'), JSON.stringify(manifest))
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  await runCommand('npm', args, {
    cwd: unfinished,
    signal: AbortSignal.any([signal, AbortSignal.timeout(WITHIN_MS)]),
  })
  await rename(unfinished, folder)
}
