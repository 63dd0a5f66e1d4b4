/** Reads the outputs of a CloudFormation stack. */
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation'
import type { AwsPlace } from '../../../packages/runtime/adapters/aws/clients.ts'

/** Timeouts in milliseconds. They are short because a user waits for the command. */
const TIMEOUTS = { connectionTimeout: 2_000, requestTimeout: 10_000 }

/**
 * Reads the outputs of a stack.
 *
 * @returns output values by name; empty if the stack does not exist
 * @throws Error if CloudFormation does not respond
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

/** Returns whether the error reports a missing stack. CloudFormation has no error name for this. */
function isMissing({ name, message }: Error): boolean {
  return name === 'ValidationError' && /does not exist/.test(message)
}
