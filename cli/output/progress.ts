/** Shows the progress of a command as one line on standard error. */

import { formatProgress, type Progress } from '../../lib/support/progress-text.ts'
import type { Terminal } from '../terminal.ts'

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

/** Time in milliseconds for which `showLineLater` shows nothing. */
const QUIET_MS = 1_000

/** Shows a line as `showLine` does, but only if the work takes a while. The returned function can be called again. */
export function showLineLater(terminal: Pick<Terminal, 'stderr'>, text: () => string): () => void {
  let hide = () => {}
  const patience = setTimeout(() => {
    hide = showLine(terminal, text)
  }, QUIET_MS)
  return () => {
    clearTimeout(patience)
    hide()
    hide = () => {}
  }
}

/**
 * Shows how much of the work is done.
 *
 * @param what word for what is counted, see `formatProgress`
 */
export function showProgress(terminal: Pick<Terminal, 'stderr'>, what: string, show = showLine) {
  const startedMs = performance.now()
  const progress: Pick<Progress, 'done' | 'total'> = { done: 0, total: undefined }
  const line = () => formatProgress({ ...progress, elapsedMs: performance.now() - startedMs }, what)
  const onProgress = (done: number, total: number): void => {
    Object.assign(progress, { done, total })
  }
  return { onProgress, hide: show(terminal, line) }
}
