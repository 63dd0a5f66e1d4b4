import { createRequire } from 'node:module'
import { functionArn } from '../../../config/arns.ts'
import type { FunctionFacts } from '../../function-facts.ts'
import type { HandlerStyle, ThreadData } from './messages.ts'

/** The first version of Node.js with which Lambda does not let handlers call back. */
const FIRST_WITHOUT_CALLBACKS = 24

/** What has to be known to load a handler and to call it. */
export function threadDataOf({
  functionKey,
  handler,
  folder,
  runtime,
  timeoutMs,
  functionName,
  region,
}: FunctionFacts): ThreadData {
  return {
    functionKey,
    handler,
    folder,
    style: styleOf(runtime),
    functionArn: functionArn(undefined, functionName, region),
    timeoutMs,
    loaderFrom: serverlessOffline(),
    nodeOptions: undefined,
  }
}

function styleOf(runtime: string): HandlerStyle {
  const version = Number(/^nodejs(\d+)/.exec(runtime)?.[1])
  return version >= FIRST_WITHOUT_CALLBACKS ? 'promise' : 'callback'
}

/** Its main module, from which its loader of TypeScript can be found; undefined if it has none. */
function serverlessOffline(): string | undefined {
  try {
    const file = createRequire(import.meta.url).resolve('serverless-offline')
    createRequire(file).resolve('tsx/cjs/api')
    return file
  } catch {
    return undefined
  }
}
