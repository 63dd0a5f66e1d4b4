import type { Serverless } from '../../support/framework.ts'
import { functionFacts } from '../function-facts.ts'
import { FrameworkRuntime } from './framework.ts'
import { PythonRuntime } from './python/python-runtime.ts'
import type { Runtime } from './runtime.ts'

/**
 * The runtime of a function, as its definition is now.
 *
 * @param options those of serverless-offline
 * @param notice receives lines for the log
 */
export function startRuntime(
  serverless: Serverless,
  options: Readonly<Record<string, unknown>>,
  functionKey: string,
  notice: (line: string) => void,
): Runtime {
  const facts = functionFacts(serverless, options, functionKey)
  if (!options.useDocker && facts.runtime.startsWith('python')) return new PythonRuntime(facts, notice)
  return new FrameworkRuntime(serverless, options, functionKey)
}
