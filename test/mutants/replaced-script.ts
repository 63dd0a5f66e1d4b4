/**
 * Preloaded into a process to replace the contents of one script of the project when it is read. `MUTANT_FILE` names the
 * script, `MUTANT_SOURCE` has the other contents.
 */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { fileURLToPath } from 'node:url'

const { MUTANT_FILE: file, MUTANT_SOURCE: source } = process.env
const readFileSync = fs.readFileSync

const read = (path: Parameters<typeof readFileSync>[0], ...options: unknown[]) =>
  (path instanceof URL ? fileURLToPath(path) : path) === file
    ? source
    : readFileSync(path, ...(options as [BufferEncoding]))
fs.readFileSync = read as typeof readFileSync
syncBuiltinESMExports()
