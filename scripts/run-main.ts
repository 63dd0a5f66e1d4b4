/** Entry point of programs: parses options, handles stop requests, and sets the exit status. */
import process from 'node:process'
import { StopRequested, stopRequest } from '#local-servers/stop-request'
import { describeError } from './user-error.ts'

export interface MainProgram<Options> {
  /** Parses the arguments. Returns undefined for `--help`. */
  readonly readOptions: (args: readonly string[]) => Options | undefined
  readonly usage: string
  /** Runs the program. Resolves to the exit status. */
  readonly run: (options: Options, signal: AbortSignal) => Promise<number>
}

/** Runs a program. The exit status is 130 if it was stopped before it had started, and 1 for any other error. */
export async function runMain<Options>(program: MainProgram<Options>): Promise<void> {
  process.exitCode = await main(program).catch(error => {
    if (error instanceof StopRequested) return 130
    console.error(describeError(error))
    return 1
  })
  // Close the IPC channel to the bootstrap, because it would keep this process running.
  if (process.connected) process.disconnect()
}

async function main<Options>({ readOptions, usage, run }: MainProgram<Options>): Promise<number> {
  const options = readOptions(process.argv.slice(2))
  if (options !== undefined) return run(options, stopRequest())
  console.log(usage)
  return 0
}
