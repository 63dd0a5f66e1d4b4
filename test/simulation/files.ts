/**
 * Lets functions read files without waiting for the disk, whose answers would come in an order that no seed decides. Must be imported
 * before the modules that read files.
 */
import { readdirSync, readFileSync } from 'node:fs'
import files from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

Object.assign(files, {
  readFile: async (...given: Parameters<typeof readFileSync>) => readFileSync(...given),
  readdir: async (...given: Parameters<typeof readdirSync>) => readdirSync(...given),
})
syncBuiltinESMExports()
