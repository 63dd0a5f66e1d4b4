import type { PartialMessage, Plugin } from 'esbuild'
import { FAMILIES, FAMILY_FILES, readSettings } from '../../../lib/app/settings/index.ts'
import { InvalidFile } from '../../../lib/support/file-errors.ts'
import { listFamilyFiles } from '../../../lib/telemetry/adapters/index.ts'

/**
 * Puts the families into the bundle, in place of `lib/app/settings/families.ts`, which reads their files. Each file becomes an
 * input of the bundle, so that changing it changes the version of the code.
 */
export const embedFamilies: Plugin = {
  name: 'embed-families',
  setup(build) {
    const contents = new Map<string, string>()
    build.onLoad({ filter: /lib[\\/]app[\\/]settings[\\/]families\.ts$/ }, () => {
      try {
        const { familiesDir, families } = readSettings([FAMILY_FILES, FAMILIES])
        const files = listFamilyFiles(familiesDir)
        for (const [index, path] of files.entries())
          contents.set(path, JSON.stringify({ ...families.all[index]?.file, kindsAt: undefined }))
        const lines = [
          "import { slice } from '#runtime/settings'",
          "import { Families } from '../../telemetry/families.ts'",
          ...files.map((path, index) => `import family${index} from ${JSON.stringify(path)}`),
          `const part = { families: new Families([${files.map((_, index) => `family${index}`)}]) }`,
          "export const FAMILIES = slice('Families of readings', {}, () => part)",
          'export const FAMILY_FILES = undefined',
        ]
        return { contents: lines.join('\n'), loader: 'js' }
      } catch (error) {
        return { errors: toBuildErrors(error as Error) }
      }
    })
    build.onLoad({ filter: /\.ya?ml$/ }, ({ path }) => {
      const family = contents.get(path)
      return family === undefined ? undefined : { contents: family, loader: 'json' }
    })
  },
}

/** Returns the errors of a configuration file in the form of esbuild, whose columns start at 0. */
function toBuildErrors(error: Error): PartialMessage[] {
  if (!(error instanceof InvalidFile)) return [{ text: error.message }]
  return error.errors.map(({ file, line, column, key, message }) => ({
    text: key === undefined ? message : `${key}: ${message}`,
    location: { file, line, column: column - 1 },
  }))
}
