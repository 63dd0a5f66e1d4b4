/** For whoever bundles the engine. Loads no client. */
import { readFileSync } from 'node:fs'
import type { Plugin } from 'esbuild'

const LUA = /\blua\('([\w-]+)'\)/g

/** Replaces calls such as `lua('load')` in the Redis adapters by imports, so that esbuild lists the Lua files among its inputs. */
export const inlineLua: Plugin = {
  name: 'inline-lua',
  setup(build) {
    build.initialOptions.loader = { ...build.initialOptions.loader, '.lua': 'text' }
    build.onLoad({ filter: /[\\/]adapters[\\/]redis[\\/][\w-]+\.ts$/ }, ({ path }) => {
      const imports: string[] = []
      const source = readFileSync(path, 'utf8').replace(LUA, (_, file) => {
        const name = `text${imports.length}`
        imports.push(`import ${name} from './lua/${file}.lua'; `)
        return name
      })
      return { contents: imports.join('') + source, loader: 'ts' }
    })
  },
}
