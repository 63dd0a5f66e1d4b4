/** Messages between the plugin and the thread of a handler. */

import type { EventHead } from '../../event-content.ts'
import type { ReportedError } from '../runtime.ts'

export interface ThreadData {
  /** Owner of the thread, for the process that creates it, such as that of serverless-offline. The thread does not use it. */
  readonly functionKey: string
  readonly handler: string
  readonly folder: string
  readonly style: HandlerStyle
  readonly functionArn: string
  /** The function's timeout, which the context shows while no timeout applies. */
  readonly timeoutMs: number
  /** The URL of the folder of the plugin's code, which stacks do not show. */
  readonly plugin: string
  /** Where serverless-offline is installed, with the loader that it uses for TypeScript. */
  readonly loaderFrom: string | undefined
  /** `NODE_OPTIONS` of the function, if a thread does not accept them. */
  readonly nodeOptions: string | undefined
}

/** How Lambda calls a handler. Up to nodejs22.x it may call back; from nodejs24.x on only what it returns counts. */
export type HandlerStyle = 'callback' | 'promise'

/** One invocation, which the thread may have to take first: see `places.ts`. */
export interface Request {
  readonly place: number
  readonly requestId: string
  /** When it was handed over, in milliseconds since 1970. */
  readonly atMs: number
  readonly timeoutMs: number
  /** The event, if its records are at the beginning of the memory of its place; or else its JSON. */
  readonly event: EventHead | string
  /** That memory. Sent when it is new. */
  readonly memory?: SharedArrayBuffer
}

/** `loaded`: the handler was loaded, or could not be; this comes once, first. */
export type Message = 'loaded' | Answer

/** The answer to a request. The thread ends with its last answer and with a fatal error, which can also come without a request. */
export type Answer =
  | { readonly place: number; readonly ok: string; readonly isLast: boolean }
  | { readonly place: number | undefined; readonly error: ReportedError; readonly isFatal: boolean }
