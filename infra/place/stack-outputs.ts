/** Reads settings of a deployment from the outputs of the long-lived stack. */

import { type Environment, readSetting } from '../../lib/app/settings/index.ts'
import { reportsMissing } from './account.ts'
import { STACK } from './deployment-settings.ts'

/** Environment variable that each output provides. */
export const OUTPUT_VARIABLES = {
  MskClusterArn: 'MSK_CLUSTER_ARN',
  RedisUrl: 'REDIS_URL',
  RedisMode: 'REDIS_MODE',
  CacheMaximumGB: 'CACHE_GIGABYTES',
  SubnetIds: 'SUBNET_IDS',
  SecurityGroupIds: 'SECURITY_GROUP_IDS',
  HistoryBucket: 'HISTORY_BUCKET',
  HistoryKeyArn: 'HISTORY_KEY_ARN',
  AlarmTopicArn: 'ALARM_TOPIC_ARN',
} as const

/** Variable resolver of the Serverless Framework: `cf(<region>):<stack>.<output>` resolves to an output. */
type ResolveVariable = (variable: string) => Promise<unknown>

/** Returns the outputs of a stack by name; empty if the stack does not exist. Rejects if the request fails. */
export type FetchOutputs = (stack: string, region: string) => Promise<Readonly<Record<string, string>>>

interface ReadOutputs {
  /** Environment variables. Outputs of the stack replace those that are not set. */
  readonly environment: Environment
  /** Errors while reading the outputs, one sentence each. */
  readonly problems: readonly string[]
}

/** Adds the outputs of the stack to the environment. @param region region of the deployment and of the stack */
export async function addStackOutputs(
  environment: Environment,
  region: string,
  fetchOutputs: FetchOutputs,
): Promise<ReadOutputs> {
  const problems: string[] = []
  const stack = readSetting(STACK.settings, 'INFRA_STACK', environment, problems)
  if (stack === undefined) return { environment, problems: problems.map(problem => `${problem}.`) }
  try {
    const outputs = await fetchOutputs(stack, region)
    if (Object.keys(OUTPUT_VARIABLES).every(output => !outputs[output]))
      return { environment, problems: [describeMissingOutputs(stack, region)] }
    return { environment: mergeOutputs(environment, outputs), problems: [] }
  } catch (error) {
    // Rethrow this error. The Serverless Framework tries again after it has resolved more variables.
    if ((error as { code?: unknown }).code === 'MISSING_VARIABLE_DEPENDENCY') throw error
    return { environment, problems: [describeReadError(stack, region, error)] }
  }
}

/**
 * Merges environment variables and outputs. Variables take precedence, so that an organization can use its own resources. Blank
 * variables, and outputs that a deployment does not use, are ignored.
 */
export function mergeOutputs(
  environment: Environment,
  outputs: Readonly<Record<string, string>>,
): Environment {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value?.trim()))
  const found: Record<string, string | undefined> = Object.fromEntries(
    Object.entries(OUTPUT_VARIABLES).map(([output, variable]) => [variable, outputs[output] || undefined]),
  )
  // The stack's cache settings apply only to its own cache, not to another REDIS_URL.
  if (set.REDIS_URL !== undefined) found.REDIS_MODE = found.CACHE_GIGABYTES = undefined
  // Likewise, its key does not encrypt another bucket.
  if (set.HISTORY_BUCKET !== undefined) found.HISTORY_KEY_ARN = undefined
  return { ...found, ...set }
}

/**
 * Returns all errors. If the outputs of the stack cannot be read, missing variables are a consequence and are therefore not
 * reported.
 */
export function mergeProblems(ofStack: readonly string[], others: readonly string[]): readonly string[] {
  if (ofStack.length === 0) return others
  return [...ofStack, ...others.filter(problem => !reportsMissing(problem))]
}

/** Reads outputs through the Serverless Framework's variables, which use its credentials and endpoint. */
export function createOutputsReader(resolveVariable: ResolveVariable): FetchOutputs {
  return async (stack, region) => {
    const outputs: Record<string, string> = {}
    // The loop does not cause several requests, because the Serverless Framework sends one request for all outputs.
    for (const output of Object.keys(OUTPUT_VARIABLES)) {
      const value = await resolveVariable(`cf(${region}):${stack}.${output}, null`)
      if (typeof value === 'string' && value !== '') outputs[output] = value
    }
    return outputs
  }
}

function describeMissingOutputs(stack: string, region: string): string {
  return (
    `INFRA_STACK: the stack ${stack} does not exist in ${region}, or does not have the outputs of infra/stack. ` +
    'Deploy it as described in docs/infrastructure.md.'
  )
}

function describeReadError(stack: string, region: string, error: unknown): string {
  const { message } = error as Error
  // Remove the prefix that the Serverless Framework adds to the message, and a stack trace that it may append.
  const [said = ''] = message.replace(/^Cannot resolve variable at "[^"]*": /, '').split('\n')
  return `INFRA_STACK: the outputs of ${stack} in ${region} cannot be read: ${said.replace(/\.?$/, '.')}`
}
