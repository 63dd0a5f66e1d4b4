import { type Alert, describeStatus } from '../../lib/alerting/index.ts'
import { localTime } from '../../lib/support/time-text.ts'
import type { Families } from '../../lib/telemetry/index.ts'
import { DEFAULT_STACK } from '../../scripts/running-stacks.ts'

const CLEAR_LINE = '\r\u001b[K'
/** Interval at which the live line is printed if there is no terminal, in milliseconds. */
const PLAIN_EVERY_MS = 10_000

/** Terminal output: permanent lines above one live line. Without a terminal, all lines are permanent. */
export class Screen {
  readonly #out = process.stdout
  readonly #stack: string
  #live = ''
  #plainAtMs = 0

  /** @param stack name of the stack, which commands in lines of another than the default one name, too */
  constructor(stack: string) {
    this.#stack = stack
  }

  line(line: string): void {
    const text = nameStack(line, this.#stack)
    if (this.#out.isTTY && this.#live) this.#out.write(`${CLEAR_LINE}${text}\n${this.#live}`)
    else this.#out.write(`${text}\n`)
  }

  live(text: string, nowMs: number): void {
    if (this.#out.isTTY) {
      // Shorten the line, because a line that is longer than a row of the terminal cannot be overwritten.
      this.#live = text.slice(0, (this.#out.columns ?? 80) - 1)
      this.#out.write(`${CLEAR_LINE}${this.#live}`)
    } else if (nowMs - this.#plainAtMs >= PLAIN_EVERY_MS) {
      this.#plainAtMs = nowMs
      this.#out.write(`${text}\n`)
    }
  }

  /** Ends the live line. */
  endLive(): void {
    if (this.#out.isTTY && this.#live) this.#out.write('\n')
    this.#live = ''
  }
}

/** Returns a text whose commands name the stack, if it is not the default one. Pure. */
export function nameStack(text: string, stack: string): string {
  if (stack === DEFAULT_STACK) return text
  const named = text.replace(/(?<=npx |`)sluice (?=[a-z])/g, `$&--stack ${stack} `)
  return named
    .replace(/npm run smoke/, `$& -- --stack ${stack}`)
    .replace(/npm start --(?= )/, `$& --name ${stack}`)
}

/** Formats an alert that has fired or resolved. Its time is local, as on the clock beside the terminal. */
export function alertLine(
  families: Families,
  alert: Alert,
  { timeMs }: { readonly timeMs: number },
  nowMs: number,
): string {
  const { status, why } = describeStatus(families, alert)
  return `${localTime(timeMs, nowMs)} ${status} ${alert.rule.padEnd(13)} ${alert.severity.padEnd(8)} ${why}`
}
