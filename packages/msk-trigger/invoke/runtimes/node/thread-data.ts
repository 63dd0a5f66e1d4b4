import { createRequire } from 'node:module'
import { join } from 'node:path'
import process from 'node:process'
import { functionArn } from '../../../config/resource-types.ts'
import type { FunctionFacts } from '../../function-facts.ts'
import type { HandlerStyle, ThreadData } from './messages.ts'

/** Main module of the thread, in the source tree or in the built package. */
export const THREAD = new URL(
  import.meta.url.endsWith('.ts') ? './worker.ts' : './node-worker.js',
  import.meta.url,
)

/** First Node.js version with which Lambda does not support callbacks. */
const FIRST_WITHOUT_CALLBACKS = 24

/** Returns the data that a thread needs to load and call a handler. @param thread module of the thread */
export function threadDataOf(
  { functionKey, handler, folder, runtime, timeoutMs, functionName, region }: FunctionFacts,
  thread = THREAD,
): ThreadData {
  return {
    functionKey,
    handler,
    folder,
    style: styleOf(runtime),
    functionArn: functionArn(undefined, functionName, region),
    timeoutMs,
    plugin: new URL('.', thread).href,
    loaderFrom: serverlessOffline([folder, process.cwd()]),
    nodeOptions: undefined,
  }
}

function styleOf(runtime: string): HandlerStyle {
  const version = Number(/^nodejs(\d+)/.exec(runtime)?.[1])
  return version >= FIRST_WITHOUT_CALLBACKS ? 'promise' : 'callback'
}

/**
 * Returns the main module of the first serverless-offline in these folders that has a TypeScript loader; undefined if there is
 * none.
 */
function serverlessOffline([folder, ...others]: readonly string[]): string | undefined {
  if (folder === undefined) return undefined
  try {
    const file = createRequire(join(folder, 'package.json')).resolve('serverless-offline')
    createRequire(file).resolve('tsx/cjs/api')
    return file
  } catch {
    return serverlessOffline(others)
  }
}
