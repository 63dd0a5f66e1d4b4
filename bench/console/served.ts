/**
 * Serves the console until its parent goes, with a receiver of spans as `npm start` has it. Tells the parent its address and the variables of
 * the functions, and its memory when asked.
 */
import process from 'node:process'
import { receiveSpans } from '../../console/spans/receiver.ts'
import { servedConsole } from '../../test/support/console.ts'

const receiver = await receiveSpans()
const served = await servedConsole({ env: process.argv[2] ?? '', spans: receiver.store })
process.send?.({ address: served.address('/'), functionVariables: receiver.variables })
process.on('message', () => {
  // Twice: what a finalizer releases goes with the second.
  globalThis.gc?.()
  globalThis.gc?.()
  process.send?.(process.memoryUsage().heapUsed)
})
process.on('disconnect', () => void served.close().finally(() => process.exit()))
