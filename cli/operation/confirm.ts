import { once } from 'node:events'
import { createInterface } from 'node:readline/promises'
import { CliFailure, StoppedByUser, usageFailure } from '../failure.ts'
import type { Terminal } from '../terminal.ts'

/**
 * Asks for confirmation before an irreversible action.
 *
 * @throws CliFailure if the user does not confirm, or if the input is not interactive
 */
export async function confirm(question: string, terminal: Terminal): Promise<void> {
  requireTerminal(terminal)
  const { stdin, stderr, stop } = terminal
  const lines = createInterface({ input: stdin, output: stderr })
  try {
    // If the input ends, the answer is empty, which does not confirm.
    const ended = once(lines, 'close').then(() => '')
    const answer = await Promise.race([lines.question(`${question} [y/N] `, { signal: stop }), ended])
    if (/^y(es)?$/i.test(answer.trim())) return
  } catch (error) {
    // A terminal in raw mode takes Ctrl-C as a key, so that no signal comes.
    if ((error as Error).name !== 'AbortError') throw error
    stderr.write('\n')
    throw new StoppedByUser('Nothing was changed.')
  } finally {
    lines.close()
  }
  throw new CliFailure('Nothing was changed.')
}

/** Checks that there is a terminal to confirm on. @throws OperationFailure that names the options with which a command does not ask */
export function requireTerminal({ stdin }: Pick<Terminal, 'stdin'>): void {
  if (stdin.isTTY) return
  throw usageFailure('Nothing was changed: there is no terminal to confirm on, so add --yes, or --dry-run.')
}
