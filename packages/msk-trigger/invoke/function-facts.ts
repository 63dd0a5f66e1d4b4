import { resolve } from 'node:path'
import process from 'node:process'
import { type ResourceContext, resolveReference, resourceContext } from '../config/resources.ts'
import { isObject } from '../support/config-values.ts'
import type { Provider, Serverless } from '../support/serverless.ts'

/** Properties of a function that its runtime needs. */
export interface FunctionFacts {
  readonly functionKey: string
  /** Name of the function in the cloud. */
  readonly functionName: string
  /** Handler in the definition, in the form `folder/module.name`; empty if it is missing. */
  readonly handler: string
  /** Name of the runtime, such as `nodejs22.x` or `python3.13`. */
  readonly runtime: string
  readonly memoryMb: number
  readonly timeoutMs: number
  readonly region: string
  /** Folder of the function's code, to which `handler` is relative. */
  readonly folder: string
  /** All environment variables of the function. The variables of this process are not inherited. */
  readonly environment: Readonly<Record<string, string>>
}

/** Default values of Lambda and of the framework. */
const RUNTIME = 'nodejs20.x'
const MEMORY_MB = 1024
const TIMEOUT_S = 6

/**
 * Reads the current definition of a function, which a bundler may have changed.
 *
 * @param options options of serverless-offline. Bundlers set `location` to their output folder.
 */
export function functionFacts(
  serverless: Serverless,
  options: Readonly<Record<string, unknown>>,
  functionKey: string,
  own: NodeJS.ProcessEnv = process.env,
): FunctionFacts {
  const { config, service } = serverless
  const { provider } = service
  const definition = service.getFunction(functionKey)
  const aws: Provider = serverless.getProvider('aws')
  const { location } = options
  const facts = {
    functionKey,
    functionName: definition.name ?? `${service.service}-${aws.getStage()}-${functionKey}`,
    handler: definition.handler ?? '',
    runtime: definition.runtime ?? provider.runtime ?? RUNTIME,
    memoryMb: definition.memorySize ?? provider.memorySize ?? MEMORY_MB,
    timeoutMs: (definition.timeout ?? provider.timeout ?? TIMEOUT_S) * 1000,
    region: aws.getRegion(),
    folder: resolve(config.servicePath, typeof location === 'string' ? location : ''),
  }
  const variables = {
    ...awsVariables(own),
    ...lambdaVariables(facts),
    ...provider.environment,
    ...definition.environment,
    IS_OFFLINE: 'true',
  }
  return { ...facts, environment: resolveTexts(variables, resourceContext(serverless)) }
}

/** Returns AWS credentials and endpoints from the environment of `serverless offline`. */
function awsVariables(own: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(own).filter(([name]) => name.startsWith('AWS_')))
}

/**
 * Returns the environment variables that Lambda sets. The values are the same as in serverless-offline, so that a function behaves
 * the same in both.
 */
function lambdaVariables({ functionName, handler, memoryMb, region }: Omit<FunctionFacts, 'environment'>) {
  return {
    _HANDLER: handler,
    AWS_DEFAULT_REGION: region,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: memoryMb,
    AWS_LAMBDA_FUNCTION_NAME: functionName,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${functionName}`,
    AWS_LAMBDA_LOG_STREAM_NAME: '2016/12/02/[$LATEST]f77ff5e4026c45bda9a9ebcec6bc9cad',
    AWS_REGION: region,
    LAMBDA_RUNTIME_DIR: '/var/runtime',
    LAMBDA_TASK_ROOT: '/var/task',
    LANG: 'en_US.UTF-8',
    LD_LIBRARY_PATH:
      '/usr/local/lib64/node-v4.3.x/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib',
    NODE_PATH: '/var/runtime:/var/task:/var/runtime/node_modules',
  }
}

/** Converts variables to text. A variable that is null or missing in the definition is not set. */
function resolveTexts(
  variables: Readonly<Record<string, unknown>>,
  context: ResourceContext,
): Record<string, string> {
  const set = Object.entries(variables).filter(([, value]) => value !== null && value !== undefined)
  return Object.fromEntries(set.map(([name, value]) => [name, resolveText(value, context)]))
}

/** Returns a value as text. A value that only CloudFormation can resolve becomes JSON. */
function resolveText(value: unknown, context: ResourceContext): string {
  const resolvedValue = resolveReference(value, context) ?? value
  return isObject(resolvedValue) ? JSON.stringify(resolvedValue) : String(resolvedValue)
}
