import { once } from 'node:events'
import { createInterface } from 'node:readline/promises'
import type { OperationFailure } from '../../lib/operations/operation-failure.ts'
import { CliFailure, usageFailure } from '../failure.ts'
import type { Terminal } from '../terminal.ts'

/**
 * Asks for confirmation before an irreversible action.
 *
 * @throws CliFailure if the user does not confirm, or if the input is not interactive
 */
export async function confirm(question: string, isSure: boolean, terminal: Terminal): Promise<void> {
  if (isSure) return
  const { stdin, stderr, stop } = terminal
  if (!stdin.isTTY) throw noTerminalFailure('--yes')
  const lines = createInterface({ input: stdin, output: stderr })
  try {
    // If the input ends, the answer is empty, which does not confirm.
    const ended = once(lines, 'close').then(() => '')
    const answer = await Promise.race([lines.question(`${question} [y/N] `, { signal: stop }), ended])
    if (/^y(es)?$/i.test(answer.trim())) return
  } catch (error) {
    if (!stop.aborted) throw error
  } finally {
    lines.close()
  }
  throw new CliFailure('Nothing was changed.')
}

/** Returns the refusal of a command that cannot ask. @param flags options with which it does not ask */
export function noTerminalFailure(flags: string): OperationFailure {
  return usageFailure(`Nothing was changed: there is no terminal to confirm on, so add ${flags}.`)
}
