/** Runtime of a handler: a thread or a runner of serverless-offline. */

import type { EventContent } from '../event-content.ts'

export interface Invocation {
  readonly event: EventContent
  readonly requestId: string
  /** Time after which Lambda would end the invocation, in milliseconds; infinity if there is no timeout. */
  readonly timeoutMs: number
}

/** Invocation that was passed to a runtime, where it may wait for earlier invocations. */
export interface HandedOver {
  /**
   * Result of the invocation. Rejects with `NotBegun` if the invocation was taken back, or if its thread or process has ended
   * before the invocation began.
   */
  readonly answer: Promise<unknown>
  /** Returns true once the invocation can no longer be taken back. */
  hasBegun(): boolean
  /** Takes back an invocation that has not begun. Returns true if this runtime will not run it. */
  takeBack(): boolean
}

/** Runtime with a handler. It runs one invocation at a time, and starts with the first invocation. */
export interface Runtime {
  /**
   * Loads the handler. Returns undefined if the handler is already loaded. The first invocation may load it and report its error
   * instead.
   *
   * @throws HandlerError
   */
  load?(): Promise<void> | undefined
  /** Resolves to the return value of the handler as a JSON value, or to null if it returns nothing. @throws HandlerError */
  invoke(invocation: Invocation): Promise<unknown>
  /**
   * Passes a further invocation to the runtime while another one is running. The handler can then continue without waiting for this
   * process.
   */
  handOver?(invocation: Invocation): HandedOver
  /** Number of further invocations that can be passed to the runtime at the moment. */
  readonly room?: number
  /**
   * Resolves when the runtime has ended, by itself or through `close`. The promise of a running invocation may then never settle.
   */
  readonly termination: Promise<RuntimeEnded>
  /** True if the running invocation is computing rather than waiting for I/O. */
  readonly isComputing: boolean
  /** Ends the runtime and its running invocation immediately. */
  close(): Promise<void>
}

/** Error of a failed invocation, in the format of Lambda's runtime. */
export interface ReportedError {
  /** Name of the error, such as `Error` or `Runtime.MarshalError`. */
  readonly errorType: string
  readonly errorMessage: string
  /** Lines of the stack; empty if the thrown value has no stack. */
  readonly trace: readonly string[]
}

/** Error type of a handler that its runtime refuses to load, so that no invocation of it is an attempt. */
export const REFUSED = 'Runtime.CallbackHandlerDeprecated'

/**
 * Error of a handler that threw, rejected, called back with an error, could not be loaded, or returned a value that cannot be
 * converted to JSON.
 */
export class HandlerError extends Error {
  override readonly name = 'HandlerError'
  readonly reported: ReportedError

  constructor(reported: ReportedError) {
    super(`${reported.errorType}: ${reported.errorMessage}`)
    this.reported = reported
    // Use the stack of the original error, which was thrown elsewhere.
    this.stack = reported.trace.length > 0 ? reported.trace.join('\n') : this.message
  }

  get isRefusal(): boolean {
    return this.reported.errorType === REFUSED
  }
}

/** Error of an invocation without a response, because its thread or process ended or because of a timeout. */
export class RuntimeEnded extends Error {
  override readonly name = 'RuntimeEnded'
}

/**
 * Error of an invocation that has not failed: its handler was not called, or was ended because of another invocation. It can be run
 * on another instance.
 */
export class NotBegun extends Error {
  override readonly name = 'NotBegun'
}
