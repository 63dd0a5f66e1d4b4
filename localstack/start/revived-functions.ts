import { formatEvent, type ServiceState } from '../report.ts'
import { describeExit } from '../services/process.ts'
import { type Functions, type FunctionsOptions, startFunctions } from './functions.ts'

/** Functions that are restarted when they end by themselves, as Lambda would do. */
export interface RevivedFunctions {
  invoke(name: string, event?: object): Promise<unknown>
  /** Resolves with the reason when they have ended and cannot be restarted. */
  readonly lost: Promise<string>
  /** Stops the functions, including a start in progress. Resolves when nothing is left of them. */
  stop(): Promise<void>
}

/** Functions that ran for less than this would only end again. */
const WORTH_REVIVING_MS = 10_000

/**
 * @param say receives a line for each change of state
 * @param start starts the functions once
 */
export async function startRevivedFunctions(
  options: FunctionsOptions,
  say: (line: string) => void,
  start: typeof startFunctions = startFunctions,
): Promise<RevivedFunctions> {
  const lost = Promise.withResolvers<string>()
  const ending = new AbortController()
  const signal = AbortSignal.any([options.signal, ending.signal])
  let revival: Promise<void> = Promise.resolve()
  let current = await startOnce()

  async function startOnce(): Promise<Functions> {
    const startedAtMs = Date.now()
    say(line('starting', 'serverless offline'))
    const functions = await start({ ...options, signal })
    const readyAtMs = Date.now()
    say(line('ready', `serverless offline with ${functions.consumers.join(', ')}`, readyAtMs - startedAtMs))
    void functions.ended.then(exit => {
      if (!ending.signal.aborted) revival = revive(describeExit(exit), readyAtMs)
    })
    return functions
  }

  async function revive(how: string, readyAtMs: number): Promise<void> {
    say(line('stopped', `serverless offline ${how}`))
    if (Date.now() - readyAtMs < WORTH_REVIVING_MS) return lost.resolve(`serverless offline ${how}`)
    try {
      current = await startOnce()
    } catch (error) {
      if (!signal.aborted) lost.resolve((error as Error).message)
    }
  }

  return {
    invoke: (name, event) => current.invoke(name, event),
    lost: lost.promise,
    async stop() {
      const beganAtMs = Date.now()
      say(line('stopping', 'serverless offline'))
      ending.abort()
      await revival
      await current.stop()
      say(line('stopped', 'serverless offline', Date.now() - beganAtMs))
    },
  }
}

function line(state: ServiceState, detail: string, ms = 0): string {
  return formatEvent({ service: 'functions', state, detail, ms })
}
