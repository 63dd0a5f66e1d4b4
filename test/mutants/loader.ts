/**
 * Preloaded into a process to replace the contents of one file of the project, whether it is imported or read. Nothing
 * changes on the disk. `MUTANT_FILE` names the file, `MUTANT_SOURCE` a file with the other contents.
 */
import fs from 'node:fs'
import { registerHooks, syncBuiltinESMExports } from 'node:module'
import { fileURLToPath } from 'node:url'

const { MUTANT_FILE: file = '', MUTANT_SOURCE: replaced = '' } = process.env
const readFileSync = fs.readFileSync
const source = readFileSync(replaced, 'utf8')

registerHooks({
  load(url, context, next) {
    const isMutated = url.startsWith('file:') && fileURLToPath(url) === file
    return isMutated ? { format: 'module-typescript', source, shortCircuit: true } : next(url, context)
  },
})

const read = (path: Parameters<typeof readFileSync>[0], ...options: unknown[]) => {
  const name = path instanceof URL ? fileURLToPath(path) : path
  return readFileSync(name === file ? replaced : path, ...(options as [BufferEncoding]))
}
fs.readFileSync = read as typeof readFileSync
syncBuiltinESMExports()
