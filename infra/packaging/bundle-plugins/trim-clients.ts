import { readFileSync } from 'node:fs'
import type { Plugin } from 'esbuild'

/** Edits of the client libraries, by file: texts that occur exactly once in the file, and their replacements. */
const EDITS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  // ioredis adds two methods for each of some 300 commands to a prototype, one after another, and V8 copies the table of methods
  // each time: 15 ms of every cold start. An object from which a property was deleted is a hash table, and takes half a
  // millisecond. The constructor of this prototype is never used, because each subclass has its own.
  'ioredis/built/utils/Commander.js': {
    'commands.forEach(': 'delete Commander.prototype.constructor\ncommands.forEach(',
  },
  // The code for clusters is not needed with a single server.
  'ioredis/built/Redis.js': { 'require("./cluster")': '0', 'Redis.Cluster = cluster_1.default;': '' },
  'ioredis/built/index.js': {
    'require("./cluster")': '0',
    'cluster_1.default': 'require("./cluster").default',
  },
  // Few functions need the administration client, so it is loaded on demand.
  'kafkajs/src/index.js': { "require('./admin')": "options => require('./admin')(options)" },
}

const CLIENTS = /node_modules[\\/](ioredis[\\/]built|kafkajs[\\/]src)[\\/].*\.js$/
/** Modules that no function needs: Sluice has a producer of its own, and the trigger reads the records. */
const UNUSED = /kafkajs[\\/]src[\\/](consumer|producer)[\\/](\w+[\\/])?index\.js$/

/** Removes the parts of the client libraries that no function needs or that slow down its start. */
export const trimClients: Plugin = {
  name: 'trim-clients',
  setup(build) {
    build.onLoad({ filter: CLIENTS }, ({ path }) => {
      if (UNUSED.test(path)) return { contents: 'module.exports = {}' }
      const [, edits] =
        Object.entries(EDITS).find(([file]) => path.replaceAll('\\', '/').endsWith(`/${file}`)) ?? []
      if (!edits) return
      let contents = readFileSync(path, 'utf8')
      for (const [text, replacement] of Object.entries(edits)) {
        if (contents.split(text).length !== 2)
          throw new Error(`${path} does not contain ${text} exactly once: adapt the edits of this version`)
        contents = contents.replace(text, replacement)
      }
      return { contents }
    })
  },
}
