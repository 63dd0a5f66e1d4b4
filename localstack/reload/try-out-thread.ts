import { pathToFileURL } from 'node:url'
import { parentPort, workerData } from 'node:worker_threads'

// Loads a function in the same way as its first invocation, but does not invoke it.

const { file, name } = workerData as { readonly file: string; readonly name: string }
const module = await import(pathToFileURL(file).href)
const handler = module[name]
if (typeof handler !== 'function') throw new Error(`its module exports no function "${name}"`)
// Handlers of `packages/runtime/lambda/` call `start` themselves at each cold start. Other handlers do not have this function.
await handler.start?.()
parentPort?.postMessage('started')
