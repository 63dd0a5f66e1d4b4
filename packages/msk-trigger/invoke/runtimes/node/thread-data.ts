import { createRequire, getCompileCacheDir } from 'node:module'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { functionArn } from '../../../config/resources.ts'
import type { FunctionFacts } from '../../function-facts.ts'
import type { ThreadData } from './thread-messages.ts'

/** Main module of the thread, in the source tree or in the built package. */
export const THREAD = new URL(
  import.meta.url.endsWith('.ts') ? './worker.ts' : './node-worker.js',
  import.meta.url,
)

/** Returns the data that a thread needs to load and call a handler. @param thread module of the thread */
export function createThreadData(facts: FunctionFacts, thread = THREAD): ThreadData {
  const { functionKey, handler, runtime, folder, layers, timeoutMs } = facts
  const cacheOfVersion = getCompileCacheDir()
  return {
    ...{ functionKey, handler, runtime, folder, layers, timeoutMs },
    functionArn: functionArn(undefined, facts.functionName, facts.region),
    plugin: new URL('.', thread).href,
    loaderFrom: serverlessOffline([folder, process.cwd()]),
    compileCache: cacheOfVersion && dirname(cacheOfVersion),
    nodeOptions: facts.environment.NODE_OPTIONS,
  }
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
