/** The HTTP interface as tables: a route is a value under its path, and the page has the type of its answer from there. */
import type { Context, Hono } from 'hono'
import { type InferOutput, type ObjectEntries, type ObjectSchema, object } from 'valibot'
import { type ConsoleHono, type Person, requireOperator } from '../access/person.ts'
import type { ConsoleEnvironment } from '../environment.ts'
import { watchable } from '../live/watchable.ts'
import { bodyOf, queryOf } from './query.ts'

type Request = Context<ConsoleHono>

/** The fields that a request may have, each with its schema. */
type Input<Fields extends ObjectEntries> = InferOutput<ObjectSchema<Fields, undefined>>

export interface Route<Answer> {
  readonly addTo: (app: Hono<ConsoleHono>, path: string, environment: ConsoleEnvironment) => void
  /** Exists as a type only. */
  readonly answer?: Answer
}

/** Questions are named by their paths below `/api`, as in `/state`; changes also by their methods, as in `PUT /alerts/rules/file`. */
export type Routes = Readonly<Record<string, Route<unknown>>>

export type AnswersOf<Table extends Routes> = {
  readonly [Name in keyof Table]: Table[Name] extends Route<infer Answer> ? Answer : never
}

/** A question that is answered once. An answer that is a response, such as a file, is sent as it is. */
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
 * A question that can be watched, see `watchable`.
 *
 * @param everyMs interval of the question while a page is open
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

/** A question that is too long for an address: `POST`. */
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

/** A change, which is for operators. Without fields, the body is not read. @param status of its answer */
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
