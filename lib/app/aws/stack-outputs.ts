/** The outputs of a stack of CloudFormation. */
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation'
import type { AwsPlace } from '../../../packages/runtime/adapters/aws/clients.ts'

/** A command waits for the answer. */
const TIMEOUTS = { connectionTimeout: 2_000, requestTimeout: 10_000 }

/**
 * @returns by their names; empty for a missing stack
 * @throws Error if the stack cannot be asked
 */
export async function stackOutputs(access: AwsPlace, stack: string): Promise<Record<string, string>> {
  const client = new CloudFormationClient({ ...access, requestHandler: TIMEOUTS })
  try {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: stack }))
    const outputs = Stacks.flatMap(({ Outputs = [] }) => Outputs)
    return Object.fromEntries(outputs.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]))
  } catch (error) {
    if (isMissing(error as Error)) return {}
    throw error
  } finally {
    client.destroy()
  }
}

/** CloudFormation has no name of its own for this. */
function isMissing({ name, message }: Error): boolean {
  return name === 'ValidationError' && /does not exist/.test(message)
}
