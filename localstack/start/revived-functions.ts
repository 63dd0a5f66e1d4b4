import { describeExit } from '../services/process.ts'
import { type Functions, type FunctionsOptions, startFunctions } from './functions.ts'

/** Functions that are started again when they end by themselves, as Lambda would. */
export interface RevivedFunctions {
  invoke(name: string): Promise<void>
  /** Resolves when they have ended and cannot be had again: with the reason. */
  readonly lost: Promise<string>
  stop(): Promise<void>
}

/** What lived shorter than this would only end again. */
const WORTH_REVIVING_MS = 10_000

/** @param say told, in a line, of what becomes of them */
export async function startRevivedFunctions(
  options: FunctionsOptions,
  say: (line: string) => void,
): Promise<RevivedFunctions> {
  const lost = Promise.withResolvers<string>()
  let stopped = false
  let current = await start()

  async function start(): Promise<Functions> {
    const startedAtMs = Date.now()
    say('functions starting   serverless offline')
    const functions = await startFunctions(options)
    const readyAtMs = Date.now()
    say(`functions ready      in ${((readyAtMs - startedAtMs) / 1000).toFixed(1)} s`)
    void functions.ended.then(exit => onEnd(describeExit(exit), readyAtMs))
    return functions
  }

  async function onEnd(how: string, readyAtMs: number): Promise<void> {
    if (stopped) return
    say(`functions ended      serverless offline ${how}`)
    if (Date.now() - readyAtMs < WORTH_REVIVING_MS) return lost.resolve(`serverless offline ${how}`)
    try {
      current = await start()
      // Somebody may have asked for the end while they came up.
      if (stopped) await current.stop()
    } catch (error) {
      lost.resolve((error as Error).message)
    }
  }

  return {
    invoke: name => current.invoke(name),
    lost: lost.promise,
    async stop() {
      stopped = true
      await current.stop()
    },
  }
}
