import type { Serverless } from '../../support/framework.ts'
import { FrameworkRuntime } from './framework.ts'
import type { Runtime } from './runtime.ts'

/**
 * The runtime of a function, as its definition is now.
 *
 * @param options those of serverless-offline
 */
export function startRuntime(
  serverless: Serverless,
  options: Readonly<Record<string, unknown>>,
  functionKey: string,
): Runtime {
  return new FrameworkRuntime(serverless, options, functionKey)
}
