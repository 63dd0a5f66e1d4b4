import { type ProgramResult, runProgram } from '../support/program.ts'

/** A check of the whole project. */
export interface Check {
  readonly name: string
  /**
   * Resolves to a few words on what was checked. Rejects with `Failed` if something is wrong, or if there was nothing to check.
   */
  run(signal: AbortSignal): Promise<string>
}

/** A finding. Its message says everything that is needed to mend it. */
export class Failed extends Error {
  override readonly name = 'Failed'
}

/** Runs a tool of an npm package. @throws Failed with its output unless it ends with status 0 */
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

/** Keeps the first lines, which name the findings, and the last, which count them. */
function shortened(output: string): string {
  const lines = output.trim().split('\n')
  return lines.length <= 120
    ? lines.join('\n')
    : [...lines.slice(0, 100), '…', ...lines.slice(-15)].join('\n')
}
