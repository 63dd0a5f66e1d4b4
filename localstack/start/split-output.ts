import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import type { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import workerThreads, { isMainThread, Worker, type WorkerOptions } from 'node:worker_threads'
import { memoryLimits } from '../../packages/msk-trigger/invoke/runtimes/node/memory-limits.ts'
import { FUNCTION_LOGS, functionLog } from '../../scripts/log-paths.ts'

// Preloaded into `serverless offline`, which runs all functions in threads that share one output. The function of a thread is known
// only when the thread is created. This module therefore replaces the class that creates threads. The replacement appends the
// output of each function to a file of its own, and limits the function's memory.

/**
 * Options of the threads of functions. They do not load what this process preloads: this file is TypeScript, and Node's compiler takes
 * 15 MB in each thread that loads such a file.
 */
const OF_FUNCTIONS = { stdout: true, stderr: true, execArgv: [] } as const satisfies WorkerOptions

class SplitWorker extends Worker {
  constructor(file: string | URL, options: WorkerOptions = {}) {
    const name = findFunctionKey(options)
    super(file, name === undefined ? options : { ...addMemoryLimits(options), ...OF_FUNCTIONS })
    if (name === undefined) return
    const path = functionLog(process.env[FUNCTION_LOGS] as string, name)
    for (const output of [this.stdout, this.stderr]) appendLines(output, path)
  }
}

/** Adds the function's memory limits, unless the options already contain limits. */
function addMemoryLimits(options: WorkerOptions): WorkerOptions {
  const { AWS_LAMBDA_FUNCTION_MEMORY_SIZE: memoryMb } = options.env as NodeJS.ProcessEnv
  return { resourceLimits: memoryLimits(Number(memoryMb)), ...options }
}

/**
 * Returns the key of the function that runs in a thread. serverless-offline passes the key to the thread as its data. After a
 * reload, the key ends with a version number.
 */
function findFunctionKey({ workerData }: WorkerOptions): string | undefined {
  const key = (workerData as { functionKey?: unknown } | undefined)?.functionKey
  return typeof key === 'string' ? /^([\w-]+)(?:@\d+)?$/.exec(key)?.[1] : undefined
}

/** Appends the output to the file in complete lines, because several threads of a function write to the same file. */
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
