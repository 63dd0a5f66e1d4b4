/** Shows the progress of a command as one line on standard error. */
import type { Terminal } from './terminal.ts'

/** Interval of updates in milliseconds. On a terminal, each line replaces the previous one; otherwise all lines remain. */
const ON_TERMINAL_MS = 100
const ELSEWHERE_MS = 5_000

/** Shows a line of text and updates it until the returned function is called. */
export function showLine({ stderr }: Pick<Terminal, 'stderr'>, text: () => string): () => void {
  const onTerminal = stderr.isTTY === true
  const show = () =>
    stderr.write(onTerminal ? `\r\u001b[K${text().slice(0, (stderr.columns ?? 80) - 1)}` : `${text()}\n`)
  if (onTerminal) show()
  const timer = setInterval(show, onTerminal ? ON_TERMINAL_MS : ELSEWHERE_MS)
  return () => {
    clearInterval(timer)
    if (!onTerminal) return
    show()
    stderr.write('\n')
  }
}
