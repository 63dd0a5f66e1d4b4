/** A runtime of a handler: a thread, a process, or a runner of serverless-offline. */

import type { EventContent } from '../event-content.ts'

export interface Invocation {
  readonly event: EventContent
  readonly requestId: string
  /** After how many milliseconds Lambda would end it; infinity if it has no timeout. */
  readonly timeoutMs: number
}

/** An invocation that a runtime has, and that may wait there for those before it. */
export interface HandedOver {
  /** Rejects with `NotBegun` if it was taken back, or if what would have run it is over. */
  readonly answer: Promise<unknown>
  /** False as long as it can be taken back. */
  hasBegun(): boolean
  /** Whether it was taken back: it will not run there. */
  takeBack(): boolean
}

/** A loaded handler, which runs one invocation at a time. It starts with the first one. */
export interface Runtime {
  /** Loads the handler; undefined if it is loaded. The first invocation may do it, and may report its error. @throws HandlerError */
  load?(): Promise<void> | undefined
  /** Resolves with what the handler returned, as a JSON value; null where it returned nothing. @throws HandlerError */
  invoke(invocation: Invocation): Promise<unknown>
  /** Hands over the next invocation while another one runs, so that the handler continues without waiting for this process. */
  handOver?(invocation: Invocation): HandedOver
  /** How many more invocations can be handed over. */
  readonly room?: number
  /** Resolves when it has ended, by itself or by `close`. An invocation that it was running need not be settled then. */
  readonly ended: Promise<RuntimeEnded>
  /** Whether its invocation uses a processor, rather than waiting for I/O. */
  readonly isComputing: boolean
  /** Ends it at once, with what it runs. */
  close(): Promise<void>
}

/** Report of Lambda's runtime about a failed invocation. */
export interface ReportedError {
  /** Type such as `Error`, or `Runtime.MarshalError`. */
  readonly errorType: string
  readonly errorMessage: string
  /** The lines of its stack; empty if what was thrown has none. */
  readonly trace: readonly string[]
}

/** The handler failed: it threw, rejected, called back with an error, could not be loaded, or returned what has no JSON. */
export class HandlerError extends Error {
  override readonly name = 'HandlerError'
  readonly reported: ReportedError

  constructor(reported: ReportedError) {
    super(`${reported.errorType}: ${reported.errorMessage}`)
    this.reported = reported
    // Where it was thrown, not where it arrived.
    this.stack = reported.trace.length > 0 ? reported.trace.join('\n') : this.message
  }
}

/** An invocation ended without a response: its thread or process ended, or its time was up. */
export class RuntimeEnded extends Error {
  override readonly name = 'RuntimeEnded'
}

/** An invocation was handed over, and has not failed: its handler was not called, or was ended because of another one. Try it elsewhere. */
export class NotBegun extends Error {
  override readonly name = 'NotBegun'
}
