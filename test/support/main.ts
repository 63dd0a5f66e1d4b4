/** How the programs of tests begin and end. */
import process from 'node:process'
import { describeFailure } from '../../localstack/failure.ts'
import { StopRequested, stopRequest } from '../../localstack/stop-request.ts'

export interface MainProgram<Options> {
  /** Answers undefined where the arguments ask for help. */
  readonly readOptions: (args: readonly string[]) => Options | undefined
  readonly usage: string
  /** Resolves to the status with which the program ends. */
  readonly run: (options: Options, signal: AbortSignal) => Promise<number>
}

/** Runs a program, whose status is 130 where it was asked to stop before it had begun, and 1 where it fails. */
export async function runMain<Options>(program: MainProgram<Options>): Promise<void> {
  process.exitCode = await main(program).catch(error => {
    if (error instanceof StopRequested) return 130
    console.error(describeFailure(error))
    return 1
  })
  // The channel to the bootstrap would keep this process alive.
  if (process.connected) process.disconnect()
}

async function main<Options>({ readOptions, usage, run }: MainProgram<Options>): Promise<number> {
  const options = readOptions(process.argv.slice(2))
  if (options !== undefined) return run(options, stopRequest())
  console.log(usage)
  return 0
}

export type Say = (line: string) => void

/** Prints lines, each behind the seconds since now. */
export function sayWithSeconds(): Say {
  const beganAtMs = Date.now()
  return line => console.log(`${String(Math.round((Date.now() - beganAtMs) / 1000)).padStart(5)} s  ${line}`)
}
