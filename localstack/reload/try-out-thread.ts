import { pathToFileURL } from 'node:url'
import { parentPort, workerData } from 'node:worker_threads'

// Loads a function like its first invocation does, without invoking it.

const { file, name } = workerData as { readonly file: string; readonly name: string }
const module = await import(pathToFileURL(file).href)
const handler = module[name]
if (typeof handler !== 'function') throw new Error(`its module exports no function "${name}"`)
// Handlers of `packages/runtime/lambda/` call this once per cold start.
await handler.start?.()
parentPort?.postMessage('started')
