const { readFileSync } = require('node:fs')
const { readdir, rm } = require('node:fs/promises')
const { basename, join } = require('node:path')

const LUA = /\blua\('([\w-]+)'\)/g

/** Puts the Lua files that adapters name (`lua('load')`) into the bundle, as imports: esbuild then lists them among its inputs. */
const inlineText = {
  name: 'inline-text',
  setup(build) {
    build.initialOptions.loader = { ...build.initialOptions.loader, '.lua': 'text' }
    build.onLoad({ filter: /packages[\\/]runtime[\\/]adapters[\\/]redis[\\/].*\.ts$/ }, ({ path }) => {
      const imports = []
      const source = readFileSync(path, 'utf8').replace(LUA, (_, file) => {
        const name = `text${imports.length}`
        imports.push(`import ${name} from './lua/${file}.lua'; `)
        return name
      })
      return { contents: imports.join('') + source, loader: 'ts' }
    })
  },
}

/** Edits of the client libraries, by file: texts that it must contain once, and their replacements. */
const EDITS = {
  // The client of Redis gives a prototype two methods for each of some 300 commands, one after another, and for each of them V8
  // copies the table of all that are there: 15 ms of every cold start. An object of which something was deleted is a hash table,
  // and takes half a millisecond. The constructor of this prototype is never used: its subclasses have their own.
  'ioredis/built/utils/Commander.js': {
    'commands.forEach(': 'delete Commander.prototype.constructor\ncommands.forEach(',
  },
  // A single server needs nothing of clusters.
  'ioredis/built/Redis.js': { 'require("./cluster")': '0', 'Redis.Cluster = cluster_1.default;': '' },
  'ioredis/built/index.js': {
    'require("./cluster")': '0',
    'cluster_1.default': 'require("./cluster").default',
  },
  // Functions seldom ask as an administrator.
  'kafkajs/src/index.js': { "require('./admin')": "options => require('./admin')(options)" },
}

const CLIENTS = /node_modules[\\/](ioredis[\\/]built|kafkajs[\\/]src)[\\/].*\.js$/
/** Modules that no function needs: it has its own producer, and its trigger is the consumer. */
const UNUSED = /kafkajs[\\/]src[\\/](consumer|producer)[\\/](\w+[\\/])?index\.js$/

/** Leaves out of the client libraries what no function needs, and what slows its start. */
const leanClients = {
  name: 'lean-clients',
  setup(build) {
    build.onLoad({ filter: CLIENTS }, ({ path }) => {
      if (UNUSED.test(path)) return { contents: 'module.exports = {}' }
      const name = Object.keys(EDITS).find(file => path.replaceAll('\\', '/').endsWith(`/${file}`))
      if (!name) return
      let contents = readFileSync(path, 'utf8')
      for (const [text, replacement] of Object.entries(EDITS[name])) {
        if (contents.split(text).length !== 2)
          throw new Error(`${path} is not what lean-clients was made for`)
        contents = contents.replace(text, replacement)
      }
      return { contents }
    })
  },
}

/**
 * The files of a bundle are named by their content, and all that lies beside a handler goes into its package: what an earlier
 * build has left there is taken away. Not by a later build of the same process: a function that runs may still need it.
 */
const noLeftovers = {
  name: 'no-leftovers',
  setup(build) {
    const { outdir, write } = build.initialOptions
    // A build that writes nothing must not remove anything either: its outdir may hold other files.
    if (write === false) return
    build.initialOptions.metafile = true
    let isFirst = true
    build.onEnd(async ({ metafile }) => {
      if (!metafile || !isFirst) return
      isFirst = false
      const made = new Set(Object.keys(metafile.outputs).map(file => basename(file)))
      const left = (await readdir(outdir)).filter(name => name.startsWith('handler.') && !made.has(name))
      await Promise.all(left.map(name => rm(join(outdir, name))))
    })
  },
}

/**
 * The console in a function carries its page, and the list of the functions that it shows: both are made here, in the place of the
 * module that stands for them.
 */
const builtConsole = {
  name: 'built-console',
  setup(build) {
    build.onLoad({ filter: /console[\\/]bundle-contents\.ts$/ }, async () => {
      const { bundlePage } = require('./console-page.ts')
      const { readFunctions } = require('../../lib/app/function-entries.ts')
      const contents = { page: await bundlePage(), functions: readFunctions() }
      return { contents: `export const bundleContents = ${JSON.stringify(contents)}`, loader: 'js' }
    })
  },
}

/**
 * Puts the families into the bundle, in the place of the module that reads their files. Each file becomes an input of the bundle, so
 * that changing it changes the version of the code, as it does for a module.
 */
const bundledFamilies = {
  name: 'bundled-families',
  setup(build) {
    const contents = new Map()
    build.onLoad({ filter: /lib[\\/]app[\\/]settings[\\/]families\.ts$/ }, () => {
      const { listFamilyFiles } = require('../../lib/telemetry/adapters/family-files.ts')
      const { FAMILIES, FAMILY_FILES } = require('../../lib/app/settings/families.ts')
      const { readSettings } = require('../../lib/app/settings/index.ts')
      try {
        const { familiesDir, families } = readSettings([FAMILY_FILES, FAMILIES])
        const files = listFamilyFiles(familiesDir)
        for (const [index, path] of files.entries()) contents.set(path, families.all[index].file)
        const lines = [
          "import { slice } from '#runtime/settings/index.ts'",
          "import { Families } from '../../telemetry/families.ts'",
          ...files.map((path, index) => `import family${index} from ${JSON.stringify(path)}`),
          `const part = { families: new Families([${files.map((_, index) => `family${index}`)}]) }`,
          "export const FAMILIES = slice('Families of readings', {}, () => part)",
          'export const FAMILY_FILES = undefined',
        ]
        return { contents: lines.join('\n'), loader: 'js' }
      } catch (error) {
        return { errors: toBuildErrors(error) }
      }
    })
    build.onLoad({ filter: /\.ya?ml$/ }, ({ path }) =>
      contents.has(path) ? { contents: JSON.stringify(contents.get(path)), loader: 'json' } : undefined,
    )
  },
}

/** Returns the errors of a configuration file in the form of esbuild, whose columns start at 0. */
function toBuildErrors({ message, errors = [] }) {
  if (errors.length === 0) return [{ text: message }]
  return errors.map(({ file, line, column, key, message: text }) => ({
    text: key === undefined ? text : `${key}: ${text}`,
    location: { file, line, column: column - 1 },
  }))
}

module.exports = Object.assign([inlineText, leanClients, noLeftovers, builtConsole, bundledFamilies], {
  inlineText,
  builtConsole,
  bundledFamilies,
})
