import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
// biome-ignore lint/correctness/useImportExtensions: this is the file that runs; .d.mts beside it holds its types
import { alive } from '../programs/lock-file.mjs'

/**
 * Removes the bundles of processes that were killed and could not remove them themselves.
 *
 * @param folder folder with a subfolder for each process id; the folder need not exist
 */
export async function removeLeftBundles(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  const left = names.filter(name => /^[1-9]\d*$/.test(name) && !alive(Number(name)))
  // Ignore errors, because folders of other users may not be removable.
  await Promise.allSettled(left.map(name => rm(join(folder, name), { recursive: true, force: true })))
}
