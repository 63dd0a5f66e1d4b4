import { durationText } from '../../lib/duration.ts'
import type { Result } from './result.ts'

const MARKS = { passed: 'ok  ', failed: 'FAIL', skipped: 'skip' } as const
const CLEAR_LINE = '\r\u001b[K'

/**
 * What a person sees while it runs: a line for everything that has ended, and on a terminal one more that tells what
 * runs now and for how long.
 */
export class Screen {
  readonly #startedAtMs = Date.now()
  readonly #out: NodeJS.WriteStream
  readonly #isLive: boolean
  /** What runs, and since when. */
  readonly #running = new Map<string, number>()
  #timer: NodeJS.Timeout | undefined

  constructor(out: NodeJS.WriteStream, environment: NodeJS.ProcessEnv) {
    this.#out = out
    this.#isLive = out.isTTY === true && !environment.CI
    if (this.#isLive) this.#timer = setInterval(() => this.#showRunning(), 500).unref()
  }

  heading(title: string): void {
    this.line(`\n${title}`)
  }

  line(text: string): void {
    this.#out.write(`${this.#isLive ? CLEAR_LINE : ''}${text}\n`)
    this.#showRunning()
  }

  begun(name: string): void {
    this.#running.set(name, Date.now())
    this.#showRunning()
  }

  /** `evidence` says what was looked at. */
  ended(name: string, outcome: Result['outcome'], evidence: string): void {
    const ms = Date.now() - (this.#running.get(name) ?? Date.now())
    this.#running.delete(name)
    this.line(`  ${MARKS[outcome]}  ${name}  ${evidence}  (${durationText(ms)})`)
  }

  /**
   * Repeats every failure in full, and what was skipped and why, so that a reader need not scroll.
   *
   * @param comparison of several runs, line by line
   */
  summary(results: readonly Result[], comparison: readonly string[]): void {
    clearInterval(this.#timer)
    this.#running.clear()
    for (const result of results.filter(({ outcome }) => outcome === 'failed')) this.#failure(result)
    const skipped = results.filter(({ outcome }) => outcome === 'skipped')
    if (skipped.length > 0) this.heading('Skipped')
    for (const line of new Set(skipped.map(({ name, why }) => `  ${name}: ${why}`))) this.line(line)
    if (comparison.length > 0) this.line(`\n${comparison.join('\n')}`)
    this.line(`\nAfter ${durationText(Date.now() - this.#startedAtMs)}:`)
  }

  #failure({ name, file, run, why = '', output }: Result): void {
    const when = run === undefined ? '' : `  (run ${run})`
    const lines = [
      `\nFAIL  ${name}${when}`,
      ...(file && file !== name ? [`      ${file}`] : []),
      indented(why),
    ]
    if (output) lines.push('      Its file wrote:', indented(output.split('\n').slice(-60).join('\n')))
    this.line(lines.join('\n'))
  }

  #showRunning(): void {
    if (!this.#isLive || this.#running.size === 0) return
    const now = Date.now()
    const parts = [...this.#running].map(([name, sinceMs]) => `${name} (${durationText(now - sinceMs)})`)
    this.#out.write(`${CLEAR_LINE}  …     ${parts.join('  ').slice(0, this.#out.columns - 9)}`)
  }
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, '      ')
}
