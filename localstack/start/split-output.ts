import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import type { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import workerThreads, { isMainThread, Worker, type WorkerOptions } from 'node:worker_threads'
import { FUNCTION_LOGS, functionLog } from '../../cli/logs/files.ts'

// Loaded into `serverless offline` before anything else. It runs each function in threads, all of which print to its one output; only
// where a thread is made is it known whose it is. So here the class that makes them is replaced by one that appends what a
// function prints to a file of the function's own.

class SplitWorker extends Worker {
  constructor(file: string | URL, options: WorkerOptions = {}) {
    const name = functionOf(options)
    super(file, name === undefined ? options : { ...options, stdout: true, stderr: true })
    if (name === undefined) return
    const path = functionLog(process.env[FUNCTION_LOGS] as string, name)
    for (const output of [this.stdout, this.stderr]) appendLines(output, path)
  }
}

/** serverless-offline tells a thread whose it is by its data; of one that was reloaded, with the number of its version behind it. */
function functionOf({ workerData }: WorkerOptions): string | undefined {
  const key = (workerData as { functionKey?: unknown } | undefined)?.functionKey
  return typeof key === 'string' ? /^([\w-]+)(?:@\d+)?$/.exec(key)?.[1] : undefined
}

/** Whole lines only: several threads of one function append to the same file. */
function appendLines(output: Readable, path: string): void {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  output.on('data', (bytes: Buffer) => {
    const text = rest + decoder.write(bytes)
    const end = text.lastIndexOf('\n') + 1
    rest = text.slice(end)
    if (end > 0) append(path, text.slice(0, end))
  })
  output.on('end', () => {
    if (rest !== '') append(path, `${rest}\n`)
  })
}

function append(path: string, text: string): void {
  const file = openSync(path, 'a')
  writeSync(file, text)
  closeSync(file)
}

if (isMainThread && process.env[FUNCTION_LOGS]) {
  mkdirSync(process.env[FUNCTION_LOGS], { recursive: true })
  workerThreads.Worker = SplitWorker
  syncBuiltinESMExports()
}
