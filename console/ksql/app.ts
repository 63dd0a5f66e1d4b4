/** ksqlDB's REST interface to the tables that are declared in SQL. Its access is the console's. */
import { randomUUID } from 'node:crypto'
import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { maxLength, minLength, object, optional, pipe, record, string, unknown } from 'valibot'
import type { TableReader } from '../../lib/operations/views/asking.ts'
import { compileSelect } from '../../lib/views/language/select.ts'
import { StatementError } from '../../lib/views/language/statement-error.ts'
import type { Parse, Statement } from '../../lib/views/language/syntax.ts'
import type { Access } from '../access/access.ts'
import { FailedSignIns } from '../access/failed-sign-ins.ts'
import { refusalOf } from '../access/guard.ts'
import { LIMITS, limitedBodies, limitedQuestions, Places } from '../access/limits.ts'
import type { ConsoleHono } from '../access/person.ts'
import { ProblemError, problemOf, STATUS } from '../api/problem.ts'
import { bodyOf } from '../api/query.ts'
import { errorAnswer, healthAnswer, infoAnswer, statementAnswer, statementErrorAnswer } from './answers.ts'
import { type ErrorAnswer, queryFormat, queryStreamFormat } from './formats.ts'
import { rowStream } from './row-stream.ts'

export interface KsqlParts {
  readonly env: string
  readonly reader: TableReader
  /** Parser of statements. Only the command line has one. */
  readonly parse: Parse
  readonly topicOf: (signal: string) => string
  readonly access: Access
  /** Called with unexpected errors. */
  readonly told: (error: unknown) => void
  readonly signInFailed: (failed: { readonly route: string }) => void
  /** Maximum number of open queries, in total and per user. */
  readonly queries?: { readonly all: number; readonly ofOne: number }
}

/** Each open query of changes reads a topic, so there are fewer than open streams of pages. */
const QUERIES = { all: 50, ofOne: 20 }

const TEXT = optional(pipe(string('must be a text'), maxLength(100_000, 'is too long')))
const PROPERTIES = optional(record(string(), unknown()))
const QUERY = object({ ksql: TEXT, sql: TEXT, streamsProperties: PROPERTIES, properties: PROPERTIES })
const CLOSE = object({ queryId: pipe(string('must be the id of a query'), minLength(1), maxLength(100)) })

/** Error of a statement, with the answers to those before it. */
class StatementFailure extends Error {
  readonly answer: ErrorAnswer

  constructor(message: string, text: string, before: readonly unknown[] = []) {
    super(message)
    this.answer = statementErrorAnswer(message, text, before)
  }
}

export function ksqlApp(parts: KsqlParts): Hono<ConsoleHono> {
  const { env, reader, access, told, signInFailed } = parts
  const app = new Hono<ConsoleHono>()
  const open = new Map<string, AbortController>()
  app.onError((error, context) => answerError(context, error, told))
  app.use(ownClients(access), limitedBodies(LIMITS))
  app.get('/healthcheck', async context => {
    const isHealthy = await reader.tables().then(
      () => true,
      () => false,
    )
    return context.json(healthAnswer(isHealthy), isHealthy ? 200 : 503)
  })
  // Without a token, because some clients send none here. The ids of queries cannot be guessed.
  app.post('/close-query', async context => {
    const { queryId } = await bodyOf(CLOSE, context)
    const query = open.get(queryId)
    if (!query) throw new ProblemError('bad-request', `No query with id ${queryId}`)
    query.abort()
    return context.json({})
  })
  app.use(signedIn(access, new FailedSignIns({ told: signInFailed })), limitedQuestions(LIMITS))
  app.get('/info', context => context.json(infoAnswer(env)))
  app.post('/ksql', async context => context.json(await answers(context, parts)))
  const query = queries(parts, open)
  app.post('/query', context => query(context, queryFormat))
  app.post('/query-stream', context => query(context, queryStreamFormat))
  app.all('*', ({ req }) => {
    throw new ProblemError('not-found', `${req.path} does not exist. ${PATHS}`)
  })
  return app
}

const PATHS = 'Use /info, /healthcheck, /ksql, /query, /query-stream or /close-query.'

function answerError(context: Context, error: unknown, told: (error: unknown) => void): Response {
  if (error instanceof StatementFailure) return context.json(error.answer, 400)
  const problem = problemOf(error)
  if (problem.code === 'fault') told(error)
  const status = STATUS[problem.code]
  return context.json(errorAnswer(problem, status), status)
}

/** Rejects requests that a page of another site has sent, and host names of other machines, as the console does. */
function ownClients(access: Access): MiddlewareHandler {
  return async ({ req }, next) => {
    const url = new URL(req.url)
    // Every request counts as a change with a token: pages of other sites must not even ask.
    const refusal = refusalOf(
      {
        method: 'POST',
        url,
        path: req.path,
        // HTTP/2 has the host in the URL.
        host: req.header('host') ?? url.host,
        origin: req.header('origin'),
        site: req.header('sec-fetch-site'),
        hasBearer: true,
      },
      access,
    )
    if (refusal !== undefined) throw new ProblemError('forbidden', refusal)
    await next()
  }
}

function signedIn(access: Access, failed: FailedSignIns): MiddlewareHandler<ConsoleHono> {
  return async (context, next) => {
    const token = tokenOf(context.req.header('authorization') ?? '')
    const person = token === undefined ? undefined : await access.personWith(token)
    if (token === undefined || !person) {
      if (token !== undefined) await failed.add(context)
      throw new ProblemError(
        'signed-out',
        'Send a token of the console as the password, or as a bearer token.',
      )
    }
    context.set('person', person)
    context.set('isStillSignedIn', () =>
      access.personWith(token).then(
        person => person !== undefined,
        () => false,
      ),
    )
    await next()
  }
}

/** Returns the bearer token, or the password of basic authentication, which ksqlDB's clients send. */
function tokenOf(authorization: string): string | undefined {
  const [, scheme = '', sent = ''] = /^(Bearer|Basic) +(\S+)$/i.exec(authorization) ?? []
  if (scheme.toLowerCase() !== 'basic') return sent || undefined
  return /:(.+)$/s.exec(Buffer.from(sent, 'base64').toString())?.[1]
}

/** Answers the statements of a request, up to the first error. */
async function answers(
  context: Context<ConsoleHono>,
  { parse, reader, topicOf }: KsqlParts,
): Promise<object[]> {
  const { ksql = '' } = await bodyOf(QUERY, context)
  const statements = checked(ksql, () => parse(ksql))
  const plan = await reader.tables()
  const answered: object[] = []
  for (const statement of statements) {
    const refusal = refusalOfStatement(statement)
    if (refusal !== undefined) throw new StatementFailure(refusal, statement.text, answered)
    const answer = statementAnswer(statement, plan, topicOf)
    if (!answer)
      throw new StatementFailure(
        'There is no such table or stream. SHOW TABLES and SHOW STREAMS list them.',
        statement.text,
        answered,
      )
    answered.push(answer)
  }
  return answered
}

function refusalOfStatement({ kind }: Statement): string | undefined {
  if (kind === 'select') return 'Send SELECT statements to /query or /query-stream.'
  if (kind === 'stream' || kind === 'table')
    return 'Tables are declared in files, so that a deployment has them. Write the statement into a file in config/views/ and run `sluice views apply`.'
  return kind === 'drop'
    ? 'Remove the statement from config/views/ and run `sluice views apply`, or `sluice views drop`.'
    : undefined
}

/** Runs a step of the language. @throws StatementFailure for its errors, which name line and column */
function checked<T>(text: string, step: () => T): T {
  try {
    return step()
  } catch (error) {
    if (error instanceof StatementError) throw new StatementFailure(error.message, text)
    throw error
  }
}

type Format = typeof queryFormat

function queries(
  { reader, parse, told, queries: limits = QUERIES }: KsqlParts,
  open: Map<string, AbortController>,
) {
  const places = new Places(limits.all, limits.ofOne)
  const errorOf = (error: unknown) => {
    const problem = problemOf(error)
    if (problem.code === 'fault') told(error)
    return errorAnswer(problem, STATUS[problem.code])
  }
  return async (context: Context<ConsoleHono>, formatFor: Format): Promise<Response> => {
    const body = await bodyOf(QUERY, context)
    const text = body.sql ?? body.ksql ?? ''
    const plan = await reader.tables()
    const selection = checked(text, () => compileSelect(text, plan, parse))
    const from = isFromBeginning(body.properties ?? body.streamsProperties) ? 'beginning' : 'now'
    const leave = places.enter(context.get('person').name, (most, whose) => {
      const of = whose === 'all' ? '' : ' of yours'
      return `${most} queries${of} are already open. Close some of them.`
    })
    const queryId = randomUUID()
    const stop = new AbortController()
    const ended = () => {
      open.delete(queryId)
      leave()
    }
    try {
      const rows = selection.isPush
        ? reader.push(selection, from, stop.signal)
        : await begun(reader.pull(selection))
      open.set(queryId, stop)
      const { isPush } = selection
      const format = formatFor({ isPush, accept: context.req.header('accept') ?? '' })
      const isAllowed = context.get('isStillSignedIn')
      const stream = rowStream(rows, { selection, queryId, format, stop, isAllowed, errorOf, ended })
      return context.body(stream, 200, { 'content-type': format.contentType, 'cache-control': 'no-store' })
    } catch (error) {
      ended()
      throw error
    }
  }
}

/** Reads the first row, so that an error before it decides the status of the response. */
async function begun<T>(rows: AsyncIterable<T>): Promise<AsyncIterable<T>> {
  const iterator = rows[Symbol.asyncIterator]()
  const first = await iterator.next()
  return (async function* () {
    if (first.done) return
    yield first.value
    yield* { [Symbol.asyncIterator]: () => iterator }
  })()
}

/** Returns whether a query of changes also asks for earlier ones. ksqlDB's property has several prefixes. */
function isFromBeginning(properties: Readonly<Record<string, unknown>> = {}): boolean {
  return Object.entries(properties).some(
    ([name, value]) => name.endsWith('auto.offset.reset') && value === 'earliest',
  )
}
