/**
 * Program that invokes a handler without records, and prints the project's modules that were loaded, as a line of JSON. The
 * argument selects the handler.
 */
import { registerHooks } from 'node:module'
import { PROJECT } from '@sluice/test-kit/program'

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
// A batch without records is rejected with RecordRefused, but only after the handler has loaded all its parts.
const refusal = await handler({ records: {} }, context).catch((error: Error) => error.message)
console.log(JSON.stringify({ refusal, loaded }))
