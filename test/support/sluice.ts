/** Runs commands in this process. Only tests of signals, pipes or binary output need a separate process. */
import assert from 'node:assert/strict'
import { PROJECT, type ProgramResult } from '@sluice/test-kit/program'
import { ran } from '../unit/cli/terminal.ts'

/**
 * Runs a command in the same way as an operator. Does not reject if the command fails.
 *
 * @param variables variables that are added to the environment of this process
 * @returns standard output, followed by standard error
 */
export async function runSluice(
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<ProgramResult> {
  const environment = { ...process.env, ...variables }
  const { status, stdout, stderr } = await ran(args, { environment, folder: PROJECT })
  return { code: status, stdout, output: `${stdout}${stderr}` }
}

/** Runs a command and returns its output. Rejects if the command fails. */
export async function sluice(...args: string[]): Promise<string> {
  const { code, output } = await runSluice(args)
  assert.equal(code, 0, output)
  return output
}
