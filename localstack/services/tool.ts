import { relative } from 'node:path'
import { PROJECT } from '../../programs/paths.ts'
import { UserError } from '../../programs/user-error.ts'
import { describeExit, type Launch, startProcess, tellingLine } from './process.ts'

export interface ToolOptions {
  /** What the tool does, for the error message: "Installing Kafka 4.3.0". */
  readonly task: string
  readonly logFile: string
  readonly signal: AbortSignal
}

/** Runs a tool until it ends. Throws one clear error if it fails. Aborting the signal stops it. */
export async function runTool(launch: Launch, { task, logFile, signal }: ToolOptions): Promise<void> {
  signal.throwIfAborted()
  const tool = await startProcess(launch, logFile)
  const onAbort = () => void tool.stop(2_000)
  signal.addEventListener('abort', onAbort, { once: true })
  const exit = await tool.exited
  signal.removeEventListener('abort', onAbort)
  signal.throwIfAborted()
  if (exit.code === 0) return
  throw new UserError(
    `${task} failed: ${launch.command} ${describeExit(exit)}.\n` +
      `  Its output says: ${tellingLine(logFile)}\n  Full output: ${relative(PROJECT, logFile)}`,
  )
}
