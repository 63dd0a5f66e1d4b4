import { existsSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
// biome-ignore lint/correctness/useImportExtensions: this is the file that runs; .d.mts beside it holds its types
import { withLockFile } from '../../programs/lock-file.mjs'
import { LOCAL } from '../../programs/paths.ts'
import { runCommand } from './command.ts'

// Restate is not a dependency: its server is 200 MB, under the Business Source License, and only this benchmark needs it.

const PACKAGES = {
  '@restatedev/restate-server': '1.7.12',
  '@restatedev/restate-sdk': '1.17.2',
} as const

/** For reports. */
export const RESTATE = `Restate ${PACKAGES['@restatedev/restate-server']}, SDK ${PACKAGES['@restatedev/restate-sdk']}`

/** Bounds the download. */
const WITHIN_MS = 5 * 60_000

/**
 * The folder with Restate's packages in their pinned versions. Installs them on first use, without scripts: those of a dependency
 * report the installation to its maker.
 *
 * @throws Error with the output of npm if they cannot be installed
 */
export async function installedRestate(signal: AbortSignal, say: (line: string) => void): Promise<string> {
  const name = `restate-${Object.values(PACKAGES).join('-')}`
  const folder = join(LOCAL, 'peers', name)
  await withLockFile(join(LOCAL, 'peers', `${name}.lock`), () => install(folder, signal, say), { signal })
  return folder
}

async function install(folder: string, signal: AbortSignal, say: (line: string) => void): Promise<void> {
  if (existsSync(folder)) return
  say(`installing ${RESTATE}`)
  // Renamed when it is complete.
  const unfinished = `${folder}.unfinished`
  await rm(unfinished, { recursive: true, force: true })
  await mkdir(unfinished, { recursive: true })
  const manifest = { name: 'sluice-bench-peers', private: true, dependencies: PACKAGES }
  await writeFile(join(unfinished, 'package.json'), JSON.stringify(manifest))
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  await runCommand('npm', args, {
    cwd: unfinished,
    signal: AbortSignal.any([signal, AbortSignal.timeout(WITHIN_MS)]),
  })
  await rename(unfinished, folder)
}
