import pMap, { pMapSkip } from 'p-map'
import { type Ended, runProgram } from '../support/program.ts'
import type { Result } from './result.ts'
import type { Screen } from './screen.ts'

/** A check of the whole project. */
export interface Check {
  readonly name: string
  /**
   * Resolves to what it looked at, in a few words. Rejects with `Failed` where something is wrong, which includes that it
   * looked at nothing: a check that cannot fail is none.
   */
  run(signal: AbortSignal): Promise<string>
}

/** What a check found; the message is all that people need to put it right. */
export class Failed extends Error {
  override readonly name = 'Failed'
}

/** Runs a tool of the npm packages; fails with what it says unless it ends with status 0. */
export async function tool(name: string, args: readonly string[], signal: AbortSignal): Promise<Ended> {
  const ended = await runProgram(name, args, { signal })
  if (ended.code !== 0)
    throw new Failed(`${shortened(ended.output)}\n${name} ended with status ${ended.code}`)
  return ended
}

/** Runs the checks, as many at once as `width` says, and tells how each ended; one that was cut off has not. */
export async function runChecks(
  checks: readonly Check[],
  width: number,
  screen: Screen,
  signal: AbortSignal,
): Promise<Result[]> {
  return pMap(checks, check => (signal.aborted ? pMapSkip : runCheck(check, screen, signal)), {
    concurrency: width,
  })
}

async function runCheck(
  check: Check,
  screen: Screen,
  signal: AbortSignal,
): Promise<Result | typeof pMapSkip> {
  const { name } = check
  screen.begun(name)
  try {
    screen.ended(name, 'passed', await check.run(signal))
    return { outcome: 'passed', name }
  } catch (error) {
    if (signal.aborted) return pMapSkip
    screen.ended(name, 'failed', 'see below')
    const why = error instanceof Failed ? error.message : String((error as Error).stack)
    return { outcome: 'failed', name, why }
  }
}

/** A tool that has much to say says the first things first and the count last. */
function shortened(output: string): string {
  const lines = output.trim().split('\n')
  return lines.length <= 120
    ? lines.join('\n')
    : [...lines.slice(0, 100), '…', ...lines.slice(-15)].join('\n')
}
