/** What the page must know before it shows anything. */
import { Hono } from 'hono'
import type { ConsoleHono, Person } from '../access/person.ts'
import type { ConsoleEnvironment } from '../environment.ts'

export interface Shown {
  readonly env: string
  readonly isLocal: boolean
  /** Whether answers can be streamed; if not, the page asks again and again. */
  readonly streams: boolean
  /** Whether a schema registry is configured. */
  readonly hasRegistry: boolean
  readonly person: Person
}

export function environmentRoutes({ config, isLocal, streams }: ConsoleEnvironment): Hono<ConsoleHono> {
  const hasRegistry = config.registry !== undefined
  return new Hono<ConsoleHono>().get('/', context =>
    context.json({
      env: config.env,
      isLocal,
      streams,
      hasRegistry,
      person: context.get('person'),
    } satisfies Shown),
  )
}
