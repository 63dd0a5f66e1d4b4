import type { Serverless } from '../../support/framework.ts'
import { functionFacts } from '../function-facts.ts'
import { FrameworkRuntime } from './framework.ts'
import { NodeRuntime } from './node/node-runtime.ts'
import type { Runtime } from './runtime.ts'

/**
 * Returns the runtimes for the functions of a service, for use with serverless-offline and its options.
 *
 * @param thread built module of the Node.js thread
 */
export function frameworkRuntimes(
  serverless: Serverless,
  options: Readonly<Record<string, unknown>>,
  thread?: URL,
) {
  return {
    start: (functionKey: string) => startRuntime(serverless, options, functionKey, thread),
    haveTimeouts: !options.noTimeout,
  }
}

function startRuntime(
  serverless: Serverless,
  options: Readonly<Record<string, unknown>>,
  functionKey: string,
  thread: URL | undefined,
): Runtime {
  const facts = functionFacts(serverless, options, functionKey)
  const { service } = serverless
  const artifact = service.getFunction(functionKey).package?.artifact ?? service.package?.artifact
  if (!artifact && facts.runtime.startsWith('nodejs')) return new NodeRuntime(facts, thread)
  return new FrameworkRuntime(serverless, options, functionKey)
}
