/**
 * A program: starts the handler that its argument names, without any record, and writes the project's modules that this has
 * loaded, as a line of JSON.
 */
import { registerHooks } from 'node:module'
import { PROJECT } from './program.ts'

const loaded: string[] = []
const folder = `file://${PROJECT}/`
registerHooks({
  load(url, context, nextLoad) {
    if (url.startsWith(folder)) loaded.push(url.slice(folder.length))
    return nextLoad(url, context)
  },
})

const { handler } = await import(`${folder}${process.argv[2]}`)
const context = { getRemainingTimeInMillis: () => 60_000 }
// RecordRefused, as a batch without any record is; but by then the handler has put its parts together.
const refusal = await handler({ records: {} }, context).catch((error: Error) => error.message)
console.log(JSON.stringify({ refusal, loaded }))
