/** The console in a process of its own, so that its memory is its own. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

/** First message of `served.ts`. */
interface Started {
  readonly address: string
  readonly functionVariables: Readonly<Record<string, string>>
}

export class ConsoleServer {
  /** Variables by which the functions send it their spans. */
  readonly functionVariables: Readonly<Record<string, string>>
  readonly #child: ChildProcess
  readonly #address: string

  private constructor(child: ChildProcess, { address, functionVariables }: Started) {
    this.#child = child
    this.#address = address
    this.functionVariables = functionVariables
  }

  /** @param env the environment that it shows */
  static async start(env: string): Promise<ConsoleServer> {
    const child = fork(join(import.meta.dirname, 'served.ts'), [env], {
      execArgv: [...process.execArgv, '--expose-gc'],
    })
    const [started] = await once(child, 'message', { signal: AbortSignal.timeout(60_000) })
    return new ConsoleServer(child, started)
  }

  /** Where a person begins who may do everything. */
  address(path: string): string {
    return this.#address.replace('/?', `${path}?`)
  }

  /** The bytes that it holds after a collection of garbage. */
  async heap(): Promise<number> {
    const answer = once(this.#child, 'message', { signal: AbortSignal.timeout(60_000) })
    this.#child.send('heap')
    const [bytes] = await answer
    return bytes
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return
    const ended = once(this.#child, 'exit')
    this.#child.disconnect()
    await ended
  }
}
