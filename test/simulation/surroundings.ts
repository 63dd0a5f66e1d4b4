/**
 * Keeps the disk and the real time away from the functions of a simulation: files are read at once, since their answers would come in
 * an order that no seed decides, and limits of real time never strike. Must be imported before the modules of the functions.
 */
import { readdirSync, readFileSync } from 'node:fs'
import files from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

Object.assign(files, {
  readFile: async (...given: Parameters<typeof readFileSync>) => readFileSync(...given),
  readdir: async (...given: Parameters<typeof readdirSync>) => readdirSync(...given),
})
syncBuiltinESMExports()

/** A timer that never fires, and keeps no process running. */
const timer = { ref: () => timer, unref: () => timer, hasRef: () => false }

Object.assign(globalThis, { setTimeout: () => timer, clearTimeout: () => {} })
