import { createRequire } from 'node:module'
import { join } from 'node:path'
import process from 'node:process'
import { functionArn } from '../../../config/resource-types.ts'
import type { FunctionFacts } from '../../function-facts.ts'
import type { HandlerStyle, ThreadData } from './messages.ts'

/** The module of the thread: as source, and as the package has it. */
export const THREAD = new URL(
  import.meta.url.endsWith('.ts') ? './worker.ts' : './node-worker.js',
  import.meta.url,
)

/** The first version of Node.js with which Lambda does not let handlers call back. */
const FIRST_WITHOUT_CALLBACKS = 24

/** Returns the facts with which a thread loads and calls a handler. @param thread its module */
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

/** Returns its main module, from which its loader of TypeScript can be found; undefined if these folders have no such version. */
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
