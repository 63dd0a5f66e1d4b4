/** Shows the progress of a replay to the user. */
import { showLine } from '../progress.ts'
import type { Terminal } from '../terminal.ts'

export interface Standing {
  readonly acknowledged: number
  /** Undefined if the total is not known. */
  readonly total: number | undefined
  readonly elapsedMs: number
}

const BAR = 30

/** `[=====>        ]  45 %  3270 of 7267 acknowledged, 5400/s` */
export function progressText({ acknowledged, total, elapsedMs }: Standing): string {
  const rate = elapsedMs > 0 ? Math.round((acknowledged * 1000) / elapsedMs) : 0
  if (total === undefined) return `${acknowledged} acknowledged, ${rate}/s`
  const part = total === 0 ? 1 : acknowledged / total
  const filled = Math.floor(part * BAR)
  const bar = `${'='.repeat(filled)}${filled < BAR ? '>' : ''}`.padEnd(BAR)
  const percent = String(Math.floor(part * 100)).padStart(3)
  return `[${bar}] ${percent} %  ${acknowledged} of ${total} acknowledged, ${rate}/s`
}

/** Shows where the replay stands until the returned function is called. */
export function showProgress(terminal: Terminal, standing: () => Standing): () => void {
  return showLine(terminal, () => progressText(standing()))
}
