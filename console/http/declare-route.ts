/** Declares the routes of the HTTP API. The page derives the types of responses from them. */
import type { Context, Hono } from 'hono'
import { type GenericSchema, type InferOutput, type ObjectEntries, type ObjectSchema, object } from 'valibot'
import { Cache } from '../cache.ts'
import { type ConsoleHono, type Person, requireOperator } from './person.ts'
import { parseBody, parseQuery } from './request-input.ts'

type Request = Context<ConsoleHono>

/** Schemas of a request's fields by name, or a single schema for all fields. */
type Fields = ObjectEntries | GenericSchema
type Input<F extends Fields> = F extends GenericSchema
  ? InferOutput<F>
  : F extends ObjectEntries
    ? InferOutput<ObjectSchema<F, undefined>>
    : never

export interface Route<Answer> {
  /** @param shared answers of all queries of the app that pages repeat */
  readonly addTo: (app: Hono<ConsoleHono>, path: string, shared: Cache<unknown>) => void
  /** Used only to infer the response type; always undefined. */
  readonly answer?: Answer
}

/**
 * Routes by name. The name of a query is its path under `/api`, such as `/state`. The name of a route with a body begins with the
 * method, as in `POST /alerts/silences`.
 */
export type Routes = Readonly<Record<string, Route<unknown>>>

export type RouteAnswers<Declared extends Routes> = {
  readonly [Name in keyof Declared]: Declared[Name] extends Route<infer Answer> ? Answer : never
}

/** Declares a query. If it returns a `Response`, such as a file, it is sent unchanged. */
export function declareQuery<F extends Fields, Answer>(
  fields: F,
  answer: (query: Input<F>, request: Request) => Promise<Answer>,
): Route<Answer> {
  const schema = toSchema(fields)
  return {
    addTo: (app, path) => {
      app.get(path, async request => sendAnswer(request, await answer(parseQuery(schema, request), request)))
    },
  }
}

/** Time for which an answer is shared, in milliseconds. A slow query is shared for longer: see `Cache`. */
const SHARED_MS = 1_000
const MOST_SHARED = 500

/**
 * Declares a query that pages repeat. All who ask the same share an answer, so it must depend only on the query parameters. A change
 * ends all shared answers, so that whoever made it sees its effect.
 */
export function declareSharedQuery<F extends Fields, Answer>(
  fields: F,
  answer: (query: Input<F>) => Promise<Answer>,
): Route<Answer> {
  const schema = toSchema(fields)
  return {
    addTo: (app, path, shared) => {
      app.get(path, async request => {
        const query = parseQuery(schema, request)
        const key = `${path} ${JSON.stringify(query)}`
        return sendAnswer(request, await shared.get(key, () => answer(query)))
      })
    },
  }
}

/** Declares a query with `POST`, for parameters that are too long for a URL. */
export function declarePostQuery<F extends Fields, Answer>(
  fields: F,
  answer: (body: Input<F>, request: Request) => Promise<Answer>,
): Route<Answer> {
  const schema = toSchema(fields)
  return {
    addTo: (app, name) => {
      app.post(name.replace('POST ', ''), async request =>
        request.json(await answer(await parseBody(schema, request), request)),
      )
    },
  }
}

/** Declares a change. Its caller must be an operator. */
export function declareChange<F extends Fields, Answer>(
  fields: F,
  answer: (body: Input<F>, person: Person, request: Request) => Promise<Answer>,
): Route<Answer> {
  return {
    addTo: (app, name, shared) => {
      app.post(name.replace('POST ', ''), requireOperator)
      const change = declarePostQuery(fields, (body, request) =>
        // A change that fails may have been made in part.
        answer(body, request.get('person'), request).finally(() => shared.clear()),
      )
      change.addTo(app, name, shared)
    },
  }
}

export function addRoutes(app: Hono<ConsoleHono>, routes: Routes): void {
  const shared = new Cache<unknown>({ forMs: SHARED_MS, most: MOST_SHARED, idleMs: 60_000 })
  for (const [name, route] of Object.entries(routes)) route.addTo(app, name, shared)
}

function toSchema<F extends Fields>(fields: F): GenericSchema<unknown, Input<F>> {
  const isSchema = typeof fields.kind === 'string'
  return (isSchema ? fields : object(fields as ObjectEntries)) as GenericSchema<unknown, Input<F>>
}

function sendAnswer(request: Request, answer: unknown): Response {
  return answer instanceof Response ? answer : request.json(answer)
}
