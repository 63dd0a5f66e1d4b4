/** How the framework refuses a project. */
import assert from 'node:assert/strict'
import { PROJECT, runProgram } from '@sluice/test-kit/program'
import { CLUSTER } from './cluster.ts'

/** A fictitious account without credentials. */
const ACCOUNT = {
  MSK_CLUSTER_ARN: CLUSTER,
  REDIS_URL: 'rediss://cache.example:6379',
  SUBNET_IDS: 'subnet-1',
  SECURITY_GROUP_IDS: 'sg-1',
  AWS_REGION: 'eu-west-1',
  RULES_DIR: undefined,
  NOTIFICATIONS_DIR: undefined,
  FAILURES_DIR: undefined,
  MAPPINGS_DIR: undefined,
  SLUICE_GENERATOR: undefined,
  SLUICE_SCHEDULES: undefined,
}
export const PROD = ['--stage', 'prod']

type Variables = Readonly<Record<string, string | undefined>>

/** Returns the framework's message after `Error:`, and its exit status. */
export async function refusal(args: readonly string[], env: Variables = {}, cwd = PROJECT): Promise<string> {
  const { code, output } = await runProgram('serverless', args, { env: { ...ACCOUNT, ...env }, cwd })
  assert.equal(code, 1, output)
  const [, said = ''] = output.split(/^.*Error:\n/m)
  assert.doesNotMatch(output, /^ +at .*:\d+/m)
  return said.trim()
}
