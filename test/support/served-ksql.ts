/** ksqlDB's REST interface to tables in memory, served on a free port. */
import { createLocalAccess } from '../../console/access/access.ts'
import { createKsqlApp, type KsqlParts } from '../../console/ksql/app.ts'
import { serveConsole } from '../../console/serve.ts'
import { OperationFailure } from '../../lib/support/operation-failure.ts'
import { parse } from '../../lib/views/language/parser.ts'
import type { ChangingStatement } from '../../lib/views/language/syntax.ts'
import { MemoryTables } from './memory-tables.ts'

export const TOKEN = 'a-token-of-the-test'

/** Changes that end at once, with the failure if there is one. A statement with IF [NOT] EXISTS has nothing to change. */
export class MemoryChanges {
  failure: string | undefined

  async change(statement: ChangingStatement): Promise<{ ended: Promise<string> } | { notice: string }> {
    if (statement.kind === 'drop' && statement.ifExists) return { notice: 'There is no such table.' }
    if (this.failure) throw new OperationFailure(this.failure)
    return { ended: Promise.resolve('done') }
  }
}

export async function servedKsql(parts: Partial<KsqlParts> = {}, requestMs?: number) {
  const tables = new MemoryTables()
  const faults: unknown[] = []
  const app = createKsqlApp({
    env: 'test',
    reader: tables,
    parse,
    getTopic: signal => `topic.of.${signal}`,
    access: createLocalAccess(TOKEN, { name: 'ada', role: 'viewer' }),
    reportError: error => faults.push(error),
    reportFailedSignIn: () => {},
    ...parts,
  })
  const { port, close } = await serveConsole(app, 0, '127.0.0.1', requestMs)
  const url = `http://127.0.0.1:${port}`
  return {
    tables,
    faults,
    url,
    close,
    ask: (path: string, body?: unknown, headers: Record<string, string> = {}) =>
      fetch(`${url}${path}`, {
        method: body === undefined ? 'GET' : 'POST',
        ...(body !== undefined && { body: JSON.stringify(body) }),
        headers: { authorization: `Basic ${btoa(`ada:${TOKEN}`)}`, ...headers },
      }),
  }
}
