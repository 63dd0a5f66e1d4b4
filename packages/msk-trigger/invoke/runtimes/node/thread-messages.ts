/** Messages between the plugin and the thread of a handler. */

import type { EventHead } from '../../event-content.ts'
import type { ReportedError } from '../runtime.ts'

export interface ThreadData {
  /** Key of the function, for use by the process that creates the thread, such as serverless-offline. The thread ignores it. */
  readonly functionKey: string
  readonly handler: string
  /** Runtime of the function, such as `nodejs22.x`. */
  readonly runtime: string
  readonly folder: string
  /** Folders with the content of `/opt`. */
  readonly layers: readonly string[]
  readonly functionArn: string
  /** Timeout of the function in milliseconds. The handler's context reports it even if no timeout applies. */
  readonly timeoutMs: number
  /** URL of the folder with the plugin's code. Frames of this code are omitted from stacks. */
  readonly plugin: string
  /** Path of serverless-offline, from which the TypeScript loader is resolved. */
  readonly loaderFrom: string | undefined
  /** Folder of Node's compile cache, if this process uses one. */
  readonly compileCache: string | undefined
  /** `NODE_OPTIONS` of the function, which the handler sees unchanged. The thread starts with those that it takes, and with Lambda's. */
  readonly nodeOptions: string | undefined
}

/** Invocation that is sent to the thread. The thread must claim the invocation before it runs, see `shared-places.ts`. */
export interface Request {
  readonly place: number
  readonly requestId: string
  /** Time at which the request was sent, in milliseconds since the epoch. */
  readonly atMs: number
  readonly timeoutMs: number
  /** JSON of the event. If the records are in the shared memory of the place, only the other fields of the event. */
  readonly event: EventHead | string
  /** Shared memory of the place, sent only when it is new. */
  readonly memory?: SharedArrayBuffer
}

/** Message from the thread. `loaded` is sent once, before any answer, when the handler has been loaded or has failed to load. */
export type ThreadMessage = 'loaded' | ThreadAnswer

/** Answer to a request. The thread ends after a fatal error, which can also occur without a request. */
export type ThreadAnswer =
  | { readonly place: number; readonly ok: string }
  | { readonly place: number | undefined; readonly error: ReportedError; readonly isFatal: boolean }
