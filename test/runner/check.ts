import { type ProgramResult, runProgram } from '@sluice/test-kit/program'

/** A check of the whole project. */
export interface Check {
  readonly name: string
  /** Resolves to a short summary of what was checked. Rejects with `Failed` if the check finds errors or has nothing to check. */
  run(signal: AbortSignal): Promise<string>
}

/** Error of a check. The message contains everything that is needed to correct the error. */
export class Failed extends Error {
  override readonly name = 'Failed'
}

/** Runs a tool of an npm package. @throws Failed with the tool's output if its exit status is not 0 */
export async function tool(
  name: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<ProgramResult> {
  const ended = await runProgram(name, args, { signal })
  if (ended.code !== 0)
    throw new Failed(`${shortened(ended.output)}\n${name} ended with status ${ended.code}`)
  return ended
}

/** Shortens output to its first lines, which contain the findings, and its last lines, which count them. */
function shortened(output: string): string {
  const lines = output.trim().split('\n')
  return lines.length <= 120
    ? lines.join('\n')
    : [...lines.slice(0, 100), '…', ...lines.slice(-15)].join('\n')
}
