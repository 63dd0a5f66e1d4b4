/** Serves the console until its parent goes; tells the parent its address, and its memory when asked. */
import process from 'node:process'
import { servedConsole } from '../../test/support/console.ts'

const served = await servedConsole({ env: process.argv[2] ?? '' })
process.send?.(served.address('/'))
process.on('message', () => {
  // Twice: what a finalizer releases goes with the second.
  globalThis.gc?.()
  globalThis.gc?.()
  process.send?.(process.memoryUsage().heapUsed)
})
process.on('disconnect', () => void served.close().finally(() => process.exit()))
