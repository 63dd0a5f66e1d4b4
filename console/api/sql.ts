/** SQL queries over the history and the topics. They run in the background, and the page asks for their state. */
import { maxLength, minLength, minValue, number, optional, pipe, string } from 'valibot'
import { MAX_ROWS } from '../../lib/operations/sql/engine.ts'
import type { LocalSqlEngine } from '../../lib/operations/sql/local-engine.ts'
import type { ConsoleEnvironment } from '../environment.ts'
import { ProblemError } from './problem.ts'
import { asked, changed } from './route.ts'

const HOUR_MS = 3_600_000

const ID = { id: pipe(optional(string(), ''), minLength(1, 'must be the id of a query'), maxLength(100)) }
const QUERY = {
  statements: pipe(
    string('must be a text'),
    minLength(1, 'must not be empty'),
    maxLength(100_000, 'must have at most 100,000 characters'),
  ),
  /** Only records of the last hours. */
  hours: optional(pipe(number('must be a number'), minValue(0))),
}

export function sqlRoutes({ sql }: ConsoleEnvironment) {
  const engine = (): LocalSqlEngine => {
    if (sql) return sql
    throw new ProblemError('unavailable', 'This console cannot answer SQL. Use the command sluice sql.')
  }
  return {
    '/sql': asked({}, async () => ({ maxRows: MAX_ROWS, views: await engine().views() })),
    'POST /sql/queries': changed(QUERY, async ({ statements, hours }) => {
      const sinceMs = hours === undefined ? undefined : Date.now() - hours * HOUR_MS
      return { id: await engine().start({ statements, sinceMs }) }
    }),
    '/sql/query': asked(ID, async ({ id }) => {
      const state = await engine().state(id)
      if (state) return state
      throw new ProblemError(
        'not-found',
        'The query does not exist, or its result is no longer kept. Run it again.',
      )
    }),
    'POST /sql/cancel': changed(ID, async ({ id }) => {
      await engine().cancel(id)
      return {}
    }),
  }
}
