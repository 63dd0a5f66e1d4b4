import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import process from 'node:process'
import { type ResourceContext, referredResource, resolveText, resourceContext } from '../config/resources.ts'
import type { FunctionDefinition, Provider, Serverless } from '../support/serverless.ts'

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
  /** Folder of the service, with its `serverless.yml`. */
  readonly servicePath: string
  /** Folder of the function's code, to which `handler` is relative. */
  readonly folder: string
  /** All environment variables of the function. The variables of this process are not inherited. */
  readonly environment: Readonly<Record<string, string>>
  /** Variables that are not set, because only CloudFormation can resolve their values. */
  readonly unresolved: Readonly<Record<string, unknown>>
  /** Folders with the content of `/opt`. The first one that has a file decides. */
  readonly layers: readonly string[]
  /** Layers that are not on this machine. */
  readonly missingLayers: readonly unknown[]
}

/** Default values of Lambda and of the framework. */
const RUNTIME = 'nodejs20.x'
const MEMORY_MB = 1024
const TIMEOUT_S = 6

/** Value of `TZ` in Lambda. */
export const LAMBDA_ZONE = ':UTC'

/**
 * Reads the current definition of a function, which a bundler may have changed.
 *
 * @param options options of serverless-offline. Bundlers set `location` to their output folder, which has code for Node.js only.
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
  const context = resourceContext(serverless)
  const runtime = definition.runtime ?? provider.runtime ?? RUNTIME
  const layers = findLayers(serverless, definition, options.localLayers, context)
  const facts = {
    functionKey,
    functionName: definition.name ?? `${service.service}-${aws.getStage()}-${functionKey}`,
    handler: definition.handler ?? '',
    runtime,
    memoryMb: definition.memorySize ?? provider.memorySize ?? MEMORY_MB,
    timeoutMs: (definition.timeout ?? provider.timeout ?? TIMEOUT_S) * 1000,
    region: aws.getRegion(),
    servicePath: config.servicePath,
    folder: resolve(
      config.servicePath,
      typeof location === 'string' && runtime.startsWith('nodejs') ? location : '',
    ),
    // A file of a later layer replaces that of an earlier one.
    layers: layers.flatMap(({ folder }) => folder ?? []).reverse(),
    missingLayers: layers.flatMap(({ layer, folder }) => (folder === undefined ? [layer] : [])),
  }
  const variables = {
    // As in serverless-offline: AWS credentials and endpoints, or all variables.
    ...Object.fromEntries(
      Object.entries(own).filter(([name]) => options.localEnvironment || name.startsWith('AWS_')),
    ),
    ...lambdaVariables(facts),
    PATH: own.PATH,
    ...provider.environment,
    ...definition.environment,
    IS_OFFLINE: 'true',
  }
  return { ...facts, ...resolveVariables(variables, facts.layers, context) }
}

/**
 * Returns the environment variables that Lambda sets, with the folder of the code in place of `/var/task`. The invented values are the
 * same as in serverless-offline.
 */
function lambdaVariables(facts: Omit<FunctionFacts, 'environment' | 'unresolved'>) {
  const { functionName, folder, handler, memoryMb, region, runtime, layers } = facts
  return {
    _HANDLER: handler,
    AWS_DEFAULT_REGION: region,
    AWS_EXECUTION_ENV: `AWS_Lambda_${runtime}`,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: memoryMb,
    AWS_LAMBDA_FUNCTION_NAME: functionName,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${functionName}`,
    AWS_LAMBDA_LOG_STREAM_NAME: '2016/12/02/[$LATEST]f77ff5e4026c45bda9a9ebcec6bc9cad',
    AWS_REGION: region,
    AWS_XRAY_CONTEXT_MISSING: 'LOG_ERROR',
    LAMBDA_RUNTIME_DIR: '/var/runtime',
    LAMBDA_TASK_ROOT: folder,
    LANG: 'en_US.UTF-8',
    LD_LIBRARY_PATH: `/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:${folder}:${folder}/lib:/opt/lib`,
    NODE_PATH: `/opt/nodejs/${runtime.replace(/js|\.x/g, '')}/node_modules:/opt/nodejs/node_modules:/var/runtime:${folder}:/var/runtime/node_modules`,
    ...(layers.length > 0 && { RUBYLIB: '/opt/ruby/lib' }),
    TZ: LAMBDA_ZONE,
  }
}

/** Finds the folders of a function's layers: the `path` of those of the service, others by an option of serverless-offline. */
function findLayers(
  serverless: Serverless,
  definition: FunctionDefinition,
  localLayers: unknown,
  context: ResourceContext,
) {
  const { config, service } = serverless
  const { naming } = serverless.getProvider('aws')
  const paths = new Map<string, unknown>(Object.entries(Object(localLayers)))
  for (const [key, { path }] of Object.entries(service.layers ?? {}))
    if (path) paths.set(naming.getLambdaLayerLogicalId(key), path)
  return (definition.layers ?? service.provider.layers ?? []).map(layer => {
    const path = paths.get(referredResource(layer) ?? resolveText(layer, context) ?? '')
    const folder = typeof path === 'string' ? resolve(config.servicePath, path) : ''
    const isFolder = statSync(folder, { throwIfNoEntry: false })?.isDirectory()
    return { layer, folder: isFolder ? folder : undefined }
  })
}

/** Converts variables to text. A variable that is null or missing in the definition is not set. */
function resolveVariables(
  variables: Readonly<Record<string, unknown>>,
  layers: readonly string[],
  context: ResourceContext,
): Pick<FunctionFacts, 'environment' | 'unresolved'> {
  const { AWS_ENDPOINT_URL_SQS, AWS_ENDPOINT_URL } = variables
  const queueEndpoint = resolveText(AWS_ENDPOINT_URL_SQS || AWS_ENDPOINT_URL, context) || undefined
  const environment: Record<string, string> = {}
  const unresolved: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(variables)) {
    const text = resolveText(value, { ...context, queueEndpoint })
    if (text === undefined) unresolved[name] = value
    else if (text !== null)
      environment[name] = /^(NODE_PATH|PYTHONPATH|RUBYLIB)$/.test(name) ? inLayers(text, layers) : text
  }
  return { environment, unresolved }
}

/** Replaces the folders in `/opt` of a search path by those of the layers. */
function inLayers(searchPath: string, layers: readonly string[]): string {
  const pathInLayers = (opt: string) => layers.map(layer => opt.replace('/opt', layer)).join(':') || opt
  return searchPath.replace(/(?<=^|:)\/opt(?=[/:]|$)[^:]*/g, pathInLayers)
}
