import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ensureInstalled, type Package } from '#local-servers/install'
import { LOCAL } from '../../scripts/paths.ts'

/** Time limit for the download, in milliseconds. */
const WITHIN_MS = 5 * 60_000

/** A peer of the comparison. The project does not depend on it. */
export interface Installation {
  /** Name of its folder. */
  readonly name: string
  /** Title for reports. */
  readonly title: string
  /** Versions by the name under which a package is imported. */
  readonly packages: Readonly<Record<string, string>>
}

/**
 * Returns the folder with these packages in their pinned versions. Installs them on first use, without scripts: those of a
 * dependency may report the installation to its maker.
 *
 * @throws UserError with the reason if they cannot be installed
 */
export async function installed(
  { name, title, packages }: Installation,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<string> {
  const dir = join(LOCAL, 'peers', name)
  const peer: Package = {
    service: name,
    title,
    dir,
    probe: 'node_modules',
    version: JSON.stringify(packages),
    async fill(dir, run) {
      const manifest = { name: 'sluice-bench-peers', private: true, dependencies: packages }
      await writeFile(join(dir, 'package.json'), JSON.stringify(manifest))
      const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
      await run({ command: 'npm', args: ['install', ...options], cwd: dir })
    },
  }
  const report = ({ state, detail }: { state: string; detail: string }) => say(`${state}: ${detail}`)
  await ensureInstalled(peer, { report, signal: AbortSignal.any([signal, AbortSignal.timeout(WITHIN_MS)]) })
  return dir
}
