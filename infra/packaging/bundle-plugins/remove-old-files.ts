import { readdir, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Plugin } from 'esbuild'

/**
 * Removes the files of earlier builds. The names of bundled files contain a hash, and all files next to a handler are packaged.
 * Only the first build of a process removes files, because a running function may still need those of an earlier build.
 */
export const removeOldFiles: Plugin = {
  name: 'remove-old-files',
  setup(build) {
    const { outdir, write } = build.initialOptions
    // The output folder of a build in memory may contain other files.
    if (outdir === undefined || write === false) return
    build.initialOptions.metafile = true
    let isFirst = true
    build.onEnd(async ({ metafile }) => {
      if (!metafile || !isFirst) return
      isFirst = false
      const built = new Set(Object.keys(metafile.outputs).map(file => basename(file)))
      const old = (await readdir(outdir)).filter(name => name.startsWith('handler.') && !built.has(name))
      await Promise.all(old.map(name => rm(join(outdir, name))))
    })
  },
}
