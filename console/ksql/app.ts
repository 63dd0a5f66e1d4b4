/** ksqlDB's REST interface to the tables and streams that are declared in SQL. Its access is the console's. */
import { setTimeout as pause } from 'node:timers/promises'
import { type Context, Hono, type HonoRequest, type Next } from 'hono'
import { maxLength, object, optional, pipe, record, string, unknown } from 'valibot'
import type { StatementFolder } from '../../control/operations/statement-folder.ts'
import type { TableReader } from '../../control/statements/table-reader.ts'
import { FileError } from '../../lib/support/file-errors.ts'
import { OperationFailure } from '../../lib/support/operation-failure.ts'
import { NO_TABLES } from '../../lib/views/index.ts'
import { compileSelect } from '../../lib/views/language/compilation.ts'
import {
  type ChangingStatement,
  isChanging,
  type Parse,
  StatementError,
} from '../../lib/views/language/index.ts'
import type { Access } from '../access/access.ts'
import { FailedSignIns } from '../access/failed-sign-ins.ts'
import { rejectForeignRequests, requireSignIn } from '../access/guard.ts'
import { LIMITS, limitBodies, limitRequests, Permits } from '../access/limits.ts'
import type { ConsoleHono } from '../http/person.ts'
import { ProblemError, STATUS, toProblem } from '../http/problem.ts'
import { parseBody } from '../http/request-input.ts'
import { createListFormat, createRowFormat, type ErrorAnswer, type RowFormat } from './row-format.ts'
import { createRowStream } from './row-stream.ts'
import {
  buildChangeAnswer,
  buildHealthAnswer,
  buildInfoAnswer,
  buildNotice,
  buildStatementAnswer,
  REFUSED,
} from './statement-answers.ts'

export interface KsqlParts {
  readonly env: string
  readonly reader: TableReader
  /** Parser of statements. Only the command line has one. */
  readonly parse: Parse
  readonly getTopic: (signal: string) => string
  readonly access: Access
  /** Carries out CREATE and DROP; absent where they are refused. */
  readonly changes?: Pick<StatementFolder, 'change'>
  /** Called with unexpected errors. */
  readonly reportError: (error: unknown) => void
  readonly reportFailedSignIn: (failed: { readonly route: string }) => void
  /** Maximum number of open queries. */
  readonly queries?: number
}

type RequestContext = Context<ConsoleHono>

/** Media types of requests and rows. */
const ROWS_TYPE = 'application/vnd.ksql.v1+json'
const LINES_TYPE = 'application/vnd.ksqlapi.delimited.v1'
const JSON_TYPE = 'application/json'

/** Maximum number of open queries, because each query of changes reads a topic. */
const QUERIES = 20
/** Time for which an answer waits for the changes of its statements, in milliseconds. */
const CHANGES_MS = 20_000

const TEXT = optional(pipe(string('must be a text'), maxLength(100_000, 'is too long')))
const PROPERTIES = optional(record(string(), unknown()))
/** `/query` and `/query-stream` have other names for the same. */
const QUERY = object({ ksql: TEXT, streamsProperties: PROPERTIES, sql: TEXT, properties: PROPERTIES })
const CLOSING = object({ queryId: TEXT })

/** Error of a statement, with the answers to those before it. */
class StatementFailure extends ProblemError {
  readonly answer: ErrorAnswer

  constructor(message: string, statementText: string, entities: readonly unknown[] = []) {
    super('bad-request', message)
    this.answer = { '@type': 'statement_error', error_code: 40_001, message, statementText, entities }
  }
}

/** Text for a browser. ADDRESS stands for the one under which it asks, and what curl needs for access. */
const ABOUT = `This is the SQL interface of Sluice, as ksqlDB has it. It takes statements and queries of ksqlDB's clients:

  curl -H 'Content-Type: application/json' -d '{"ksql": "SHOW TABLES;"}' ADDRESS/ksql

\`npx sluice sql "SELECT * FROM device_activity_counts"\` asks without a server, and the pages are in the console.
`

export function createKsqlApp(parts: KsqlParts): Hono<ConsoleHono> {
  const { env, reader, access, reportError, reportFailedSignIn } = parts
  const app = new Hono<ConsoleHono>()
  app.onError((error, context) => {
    if (error instanceof StatementFailure) return context.json(error.answer, 400)
    const { status, answer } = toErrorResponse(error, reportError)
    return context.json(answer, status)
  })
  app.get('/healthcheck', async context => {
    // Before the first run of the function `clock`, CREATE is refused.
    const isHealthy = (await reader.tables().catch(() => NO_TABLES)) !== NO_TABLES
    return context.json(buildHealthAnswer(isHealthy), isHealthy ? 200 : 503)
  })
  const credentials = access.isOpen ? '' : '-u any:TOKEN '
  app.get('/', ({ req, text }) => text(ABOUT.replace('ADDRESS', `${credentials}${new URL(req.url).origin}`)))
  app.use(requireSignIn(access, new FailedSignIns({ report: reportFailedSignIn })))
  app.use(rejectForeignRequests(access), limitRequests(LIMITS), limitBodies(LIMITS))
  if (access.isOpen) app.use(requireJson)
  app.get('/info', context => context.json(buildInfoAnswer(env)))
  app.post('/ksql', async context => context.json(await answerStatements(context, parts)))
  const open = new Map<string, AbortController>()
  app.on('POST', ['/query', '/query-stream'], createQueryHandler(parts, open))
  app.post('/close-query', async context => {
    const { queryId = '' } = await parseBody(CLOSING, context)
    open.get(queryId)?.abort()
    return context.json({})
  })
  app.all('*', ({ req }) => {
    throw new ProblemError('not-found', `${req.path} does not exist. Use /ksql, /query or /query-stream.`)
  })
  return app
}

/**
 * Rejects the content types with which pages of other sites can send requests without asking first. A request without a type, such as
 * ksqlDB's own command line sends, has an origin if a page has sent it.
 *
 * @throws ProblemError for another content type
 */
async function requireJson({ req }: RequestContext, next: Next): Promise<void> {
  const [type = ''] = (req.header('content-type') ?? '').split(';')
  if (req.method !== 'GET' && !['', JSON_TYPE, ROWS_TYPE, LINES_TYPE].includes(type.trim().toLowerCase()))
    throw new ProblemError('bad-type', `Send the header "Content-Type: ${JSON_TYPE}".`)
  await next()
}

/** Returns ksqlDB's form of an error, whose code begins with the status. */
function toErrorResponse(error: unknown, reportError: (error: unknown) => void) {
  const { code, message } = toProblem(error)
  if (code === 'fault') reportError(error)
  const status = STATUS[code]
  const shown =
    code === 'signed-out' ? 'Send the token that the server printed or was given, as password.' : message
  return { status, answer: { '@type': 'generic_error' as const, error_code: status * 100, message: shown } }
}

/** Answers the statements of a request, up to the first error. */
async function answerStatements(
  context: RequestContext,
  { parse, reader, getTopic, changes }: KsqlParts,
): Promise<object[]> {
  const { ksql = '' } = await parseBody(QUERY, context)
  const statements = runStep(ksql, () => parse(ksql))
  const untilMs = performance.now() + CHANGES_MS
  const answers: object[] = []
  for (const statement of statements) {
    const answer =
      changes && isChanging(statement)
        ? await changePlan(statement, changes, untilMs - performance.now(), answers)
        : buildStatementAnswer(statement, await reader.tables(), getTopic)
    if (!answer) throw new StatementFailure(REFUSED[statement.kind], statement.text, answers)
    answers.push(answer)
  }
  return answers
}

/** Carries out a change, and waits for its end as long as an answer can. @throws StatementFailure if it fails until then */
async function changePlan(
  statement: ChangingStatement,
  changes: NonNullable<KsqlParts['changes']>,
  waitMs: number,
  answers: readonly object[],
): Promise<object> {
  try {
    const change = await changes.change(statement)
    if ('notice' in change) return buildNotice(statement, change.notice)
    const result = await Promise.race([change.ended, pause(Math.max(0, waitMs), undefined, { ref: false })])
    return buildChangeAnswer(statement, result)
  } catch (error) {
    if (error instanceof FileError || error instanceof OperationFailure)
      throw new StatementFailure(error.message, statement.text, answers)
    throw error
  }
}

/** Runs a step of the language. @throws StatementFailure for its errors, which name line and column */
function runStep<T>(text: string, step: () => T): T {
  try {
    return step()
  } catch (error) {
    throw error instanceof StatementError ? new StatementFailure(error.message, text) : error
  }
}

function createQueryHandler(parts: KsqlParts, open: Map<string, AbortController>) {
  const { reader, parse, reportError, queries = QUERIES } = parts
  const permits = new Permits(queries)
  return async (context: RequestContext): Promise<Response> => {
    const { ksql, sql, streamsProperties, properties = streamsProperties } = await parseBody(QUERY, context)
    const text = ksql ?? sql ?? ''
    const plan = await reader.tables()
    const selection = runStep(text, () => compileSelect(text, plan, parse))
    const from = isFromBeginning(properties) ? 'beginning' : 'now'
    const leave = permits.acquire(most => `${most} queries are already open. Close some of them.`)
    const stop = new AbortController()
    try {
      const rows = selection.isPush ? reader.push(selection, from, stop.signal) : await reader.pull(selection)
      const { format, type } = chooseFormat(context.req, selection.isPush)
      const onEnd = () => {
        open.delete(format.queryId)
        leave()
      }
      open.set(format.queryId, stop)
      const toErrorAnswer = (error: unknown) => toErrorResponse(error, reportError).answer
      const stream = createRowStream(rows, { selection, format, stop, toErrorAnswer, onEnd })
      return context.body(stream, 200, { 'content-type': type, 'cache-control': 'no-store' })
    } catch (error) {
      leave()
      throw error
    }
  }
}

/** Returns the format that a request accepts, with its media type. */
function chooseFormat(
  req: HonoRequest,
  isPush: boolean,
): { readonly format: RowFormat; readonly type: string } {
  const accept = req.header('accept') ?? ''
  const [isRows, isJson] = [accept.includes(ROWS_TYPE), accept.includes(JSON_TYPE)]
  const isStream = req.path === '/query-stream'
  if (accept.includes(LINES_TYPE) || (isStream && !isRows && !isJson))
    return { format: createListFormat(false), type: LINES_TYPE }
  if (isStream && !isRows) return { format: createListFormat(true), type: JSON_TYPE }
  return { format: createRowFormat(isPush), type: isJson ? JSON_TYPE : ROWS_TYPE }
}

/** Returns whether a query of changes also asks for earlier ones. ksqlDB's property has several prefixes. */
function isFromBeginning(properties: Readonly<Record<string, unknown>> = {}): boolean {
  return Object.entries(properties).some(
    ([name, value]) => name.endsWith('auto.offset.reset') && value === 'earliest',
  )
}
