/** Declares the HTTP API as tables of routes. The page derives the types of responses from them. */
import type { Context, Hono } from 'hono'
import { type InferOutput, type ObjectEntries, type ObjectSchema, object } from 'valibot'
import { type ConsoleHono, type Person, requireOperator } from '../access/person.ts'
import type { ConsoleEnvironment } from '../environment.ts'
import { watchable } from '../live/watchable.ts'
import { bodyOf, queryOf } from './query.ts'

type Request = Context<ConsoleHono>

/** Request fields with their schemas. */
type Input<Fields extends ObjectEntries> = InferOutput<ObjectSchema<Fields, undefined>>

export interface Route<Answer> {
  readonly addTo: (app: Hono<ConsoleHono>, path: string, environment: ConsoleEnvironment) => void
  /** Carries the response type. Never set. */
  readonly answer?: Answer
}

/** Routes by name: the path under `/api`, such as `/state`; for changes also the method, such as `PUT /alerts/rules/file`. */
export type Routes = Readonly<Record<string, Route<unknown>>>

export type AnswersOf<Table extends Routes> = {
  readonly [Name in keyof Table]: Table[Name] extends Route<infer Answer> ? Answer : never
}

/** Declares a query. If it returns a `Response`, such as a file, it is sent unchanged. */
export function asked<Fields extends ObjectEntries, Answer>(
  fields: Fields,
  answer: (query: Input<Fields>, request: Request) => Promise<Answer>,
): Route<Answer> {
  const schema = object(fields)
  return {
    addTo: (app, path) => {
      app.get(path, async request => sent(request, await answer(queryOf(schema, request), request)))
    },
  }
}

/**
 * Declares a query that can be watched, see `watchable`.
 *
 * @param everyMs refresh interval while a page is open
 */
export function watched<Fields extends ObjectEntries, Answer>(
  fields: Fields,
  everyMs: number,
  answer: (query: Input<Fields>) => Promise<Answer>,
): Route<Answer> {
  return {
    addTo: (app, path, environment) => {
      watchable(app, path, { query: object(fields), everyMs, environment }, answer)
    },
  }
}

/** Declares a query with `POST`, for parameters that are too long for a URL. */
export function askedByBody<Fields extends ObjectEntries, Answer>(
  fields: Fields,
  answer: (body: Input<Fields>, request: Request) => Promise<Answer>,
): Route<Answer> {
  const schema = object(fields)
  return {
    addTo: (app, name) => {
      app.post(name.replace('POST ', ''), async request =>
        request.json(await answer(await bodyOf(schema, request), request)),
      )
    },
  }
}

/** Declares a change, which requires the operator role. Without fields, the body is ignored. @param status status code of the response */
export function changed<Fields extends ObjectEntries, Answer>(
  fields: Fields,
  answer: (body: Input<Fields>, person: Person, request: Request) => Promise<Answer>,
  status: 200 | 202 = 200,
): Route<Answer> {
  const schema = object(fields)
  const hasFields = Object.keys(fields).length > 0
  const bodyIn = async (request: Request) => (hasFields ? bodyOf(schema, request) : ({} as Input<Fields>))
  return {
    addTo: (app, name) => {
      const [method = '', path = ''] = name.split(' ')
      app.on(method, path, async request => {
        const person = requireOperator(request)
        return request.json(await answer(await bodyIn(request), person, request), status)
      })
    },
  }
}

export function addRoutes(app: Hono<ConsoleHono>, table: Routes, environment: ConsoleEnvironment): void {
  for (const [name, route] of Object.entries(table)) route.addTo(app, name, environment)
}

function sent(request: Request, answer: unknown): Response {
  return answer instanceof Response ? answer : request.json(answer)
}
