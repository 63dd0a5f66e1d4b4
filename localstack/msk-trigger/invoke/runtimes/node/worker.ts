/**
 * The thread of a handler: loads it, and then answers one request after another. While an invocation runs, nothing else keeps
 * the event loop from being empty, so that `beforeExit` tells when nothing is left to wait for.
 */
import process from 'node:process'
import { setImmediate } from 'node:timers'
import { parentPort, workerData } from 'node:worker_threads'
import { eventIn } from '../../packed-event.ts'
import type { Call, Outcome } from './call.ts'
import { callHandler } from './call-handler.ts'
import { loadHandler } from './load-handler.ts'
import type { Answer, Message, Request, ThreadData } from './messages.ts'
import { reportedError, unhandledRejection } from './reported-error.ts'
import { responseJson } from './response.ts'
import { defineAwslambda } from './streaming.ts'

/** The exit codes of Lambda's runtime. */
const UNHANDLED_REJECTION = 128
const UNCAUGHT_EXCEPTION = 129

const port = parentPort as NonNullable<typeof parentPort>
const data: ThreadData = workerData
let call: Call | undefined
/** A response that this turn of the event loop can still make the last one. */
let unsent: string | undefined
/** Where records arrive. They are read before anything can answer: afterwards others may be written there. */
let memory: Buffer = Buffer.alloc(0)

if (data.nodeOptions !== undefined) process.env.NODE_OPTIONS = data.nodeOptions
process.setSourceMapsEnabled(true)
defineAwslambda()
process.on('uncaughtException', error => end(error, UNCAUGHT_EXCEPTION))
process.on('unhandledRejection', reason => end(unhandledRejection(reason), UNHANDLED_REJECTION))
process.on('beforeExit', () => call?.loopIsEmpty())
const loading = loadHandler(data)
const tellLoaded = () => port.postMessage('loaded' satisfies Message)
loading.then(tellLoaded, tellLoaded)
port.on('message', (request: Request) => {
  const outcome = new Response()
  if (request.memory) memory = Buffer.from(request.memory)
  loading.then(
    handler => {
      port.unref()
      call = callHandler(handler, eventOf(request), request, data, outcome)
    },
    error => outcome.failForGood(error),
  )
})

function eventOf({ event }: Request): unknown {
  return typeof event === 'string' ? JSON.parse(event) : eventIn(memory, event)
}

class Response implements Outcome {
  #isSettled = false

  succeed(result: unknown): void {
    let ok: string
    try {
      ok = responseJson(result, data.style)
    } catch (error) {
      this.fail(error)
      return
    }
    this.#settle(() => sendSoon(ok))
  }

  fail(thrown: unknown): void {
    this.#settle(() => send({ error: reportedError(thrown, data.plugin), isFatal: false }))
  }

  failForGood(thrown: unknown): void {
    this.#settle(() => send({ error: reportedError(thrown, data.plugin), isFatal: true }))
  }

  #settle(answer: () => void): void {
    if (this.#isSettled) return
    this.#isSettled = true
    call = undefined
    answer()
  }
}

/**
 * Where a handler may call back, a rejection of the same turn that nothing handles comes after the response: it ends the
 * runtime, but does not fail the invocation. Elsewhere the response has waited for it.
 */
function sendSoon(ok: string): void {
  if (data.style === 'promise') {
    send({ ok, isLast: false })
    return
  }
  unsent = ok
  setImmediate(() => {
    unsent = undefined
    send({ ok, isLast: false })
  })
}

function send(answer: Answer): void {
  port.ref()
  port.postMessage(answer)
}

/** Fails the running invocation, if there is one, and ends the thread. */
function end(thrown: unknown, exitCode: number): void {
  const error = reportedError(thrown, data.plugin)
  if (unsent === undefined) send({ error, isFatal: true })
  else {
    const what = [`${error.errorType}: ${error.errorMessage}`, ...error.trace.slice(1)]
    console.error(`after it had responded, the handler failed: ${what.join('\n')}`)
    send({ ok: unsent, isLast: true })
  }
  process.exit(exitCode)
}
