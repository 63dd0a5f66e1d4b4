/** Settings that a deployment takes from the outputs of the long-lived stack. */
import { type Environment, readSetting } from '../lib/app/settings/index.ts'
import { tellsMissing } from './account.ts'
import { VARIABLE_OF_OUTPUT, variablesOf, withOutputs } from './outputs.ts'
import { STACK } from './settings/stack.ts'

/** The framework's resolver: `cf(<region>):<stack>.<output>` is the value of an output. */
type ResolveVariable = (variable: string) => Promise<unknown>

/** Returns the outputs of a stack by their names, empty for a missing one. Rejects if it cannot be asked. */
export type OutputsOf = (stack: string, region: string) => Promise<Readonly<Record<string, string>>>

interface ReadOutputs {
  /** The environment, in which outputs replace variables that are not set. */
  readonly environment: Environment
  /** Why they could not be read; a sentence each. */
  readonly problems: readonly string[]
}

/** @param region the one that is deployed to, where the stack is as well */
export async function withStackOutputs(
  environment: Environment,
  region: string,
  outputsOf: OutputsOf,
): Promise<ReadOutputs> {
  const problems: string[] = []
  const stack = readSetting(STACK.settings, 'INFRA_STACK', environment, problems)
  if (stack === undefined) return { environment, problems: problems.map(problem => `${problem}.`) }
  try {
    const outputs = await outputsOf(stack, region)
    if (Object.keys(variablesOf(outputs)).length === 0)
      return { environment, problems: [noOutputs(stack, region)] }
    return { environment: withOutputs(environment, outputs), problems: [] }
  } catch (error) {
    // The framework asks again when it knows more.
    if ((error as { code?: unknown }).code === 'MISSING_VARIABLE_DEPENDENCY') throw error
    return { environment, problems: [notRead(stack, region, error)] }
  }
}

/** All that is wrong. Where the outputs could not be read, variables are missing because of that, which is said once. */
export function problemsWith(ofStack: readonly string[], others: readonly string[]): readonly string[] {
  if (ofStack.length === 0) return others
  return [...ofStack, ...others.filter(problem => !tellsMissing(problem))]
}

/** Reads outputs through the framework's own variables, which know its credentials and its endpoint. */
export function byFramework(resolveVariable: ResolveVariable): OutputsOf {
  return async (stack, region) => {
    const outputs: Record<string, string> = {}
    // The framework asks CloudFormation once.
    for (const output of Object.keys(VARIABLE_OF_OUTPUT)) {
      const value = await resolveVariable(`cf(${region}):${stack}.${output}, null`)
      if (typeof value === 'string' && value !== '') outputs[output] = value
    }
    return outputs
  }
}

function noOutputs(stack: string, region: string): string {
  return (
    `INFRA_STACK: there is no stack ${stack} in ${region}, or it has none of the outputs of infra/stack: ` +
    'docs/infrastructure.md says how it is deployed.'
  )
}

function notRead(stack: string, region: string, error: unknown): string {
  const { message } = error as Error
  // The framework puts its own words before, and may add a stack behind.
  const [said = ''] = message.replace(/^Cannot resolve variable at "[^"]*": /, '').split('\n')
  return `INFRA_STACK: the outputs of ${stack} in ${region} cannot be read: ${said.replace(/\.?$/, '.')}`
}
