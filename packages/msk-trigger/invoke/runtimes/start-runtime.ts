import type { Serverless } from '../../support/framework.ts'
import { functionFacts } from '../function-facts.ts'
import { FrameworkRuntime } from './framework.ts'
import { InProcessRuntime } from './node/in-process-runtime.ts'
import { NodeRuntime } from './node/node-runtime.ts'
import { PythonRuntime, pythonFolder } from './python/python-runtime.ts'
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
    start: (functionKey: string, notice: (line: string) => void) =>
      startRuntime(serverless, options, functionKey, notice, thread),
    areReused: options.reloadHandler !== true,
    haveTimeouts: !options.noTimeout,
  }
}

function startRuntime(
  serverless: Serverless,
  options: Readonly<Record<string, unknown>>,
  functionKey: string,
  notice: (line: string) => void,
  thread: URL | undefined,
): Runtime {
  const facts = functionFacts(serverless, options, functionKey)
  const { config, service } = serverless
  const artifact = service.getFunction(functionKey).package?.artifact ?? service.package?.artifact
  const isOurs = !options.useDocker && !artifact
  if (isOurs && facts.runtime.startsWith('python')) {
    const folder = pythonFolder(facts.handler, [facts.folder, config.servicePath])
    return new PythonRuntime({ ...facts, folder }, notice)
  }
  if (isOurs && facts.runtime.startsWith('nodejs'))
    return options.useInProcess ? new InProcessRuntime(facts) : new NodeRuntime(facts, undefined, thread)
  return new FrameworkRuntime(serverless, options, functionKey)
}
