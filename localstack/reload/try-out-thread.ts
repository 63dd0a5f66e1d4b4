import { pathToFileURL } from 'node:url'
import { parentPort, workerData } from 'node:worker_threads'

// Loads a function in the same way as its first invocation, but does not invoke it.

const { file, name } = workerData as { readonly file: string; readonly name: string }
const module = await import(pathToFileURL(file).href)
const handler = module[name]
if (typeof handler !== 'function') throw new Error(`its module exports no function "${name}"`)
// Start the handler if it has a `start` function, like handlers of `packages/runtime/lambda/`, which call it once per cold start.
await handler.start?.()
parentPort?.postMessage('started')
