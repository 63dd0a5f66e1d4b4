import { after } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type PythonFunction, PythonRuntime } from '../../../invoke/runtimes/python/python-runtime.ts'

export const FOLDER = fileURLToPath(
  new URL('../../../../../packages/msk-trigger/test/unit/python/handlers', import.meta.url),
)

export const ENVIRONMENT = {
  AWS_LAMBDA_FUNCTION_NAME: 'shop-dev-orders',
  AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
  AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/shop-dev-orders',
  AWS_LAMBDA_LOG_STREAM_NAME: 'stream',
  COLOR: 'blue',
  PYTHONDONTWRITEBYTECODE: '1',
}

const open = new Set<PythonRuntime>()
after(() => Promise.all([...open].map(runtime => runtime.close())))

/** A runtime of one of the handlers beside this file, closed after the tests. */
export function runtimeOf(
  handler: string,
  more: Partial<PythonFunction> = {},
  notices: string[] = [],
): PythonRuntime {
  const definition = {
    functionName: 'shop-dev-orders',
    handler,
    runtime: 'python3',
    region: 'eu-west-1',
    folder: FOLDER,
    environment: ENVIRONMENT,
    ...more,
  }
  const runtime = new PythonRuntime(definition, line => notices.push(line))
  open.add(runtime)
  return runtime
}

/** Invokes a handler once. */
export async function invoke(handler: string, event: unknown = {}): Promise<unknown> {
  return runtimeOf(handler).invoke({
    event: { json: () => JSON.stringify(event) },
    requestId: 'id-1',
    timeoutMs: 5_000,
  })
}
