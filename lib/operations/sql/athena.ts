/** Answers SQL statements with Athena, for a console in an account. */

import { setTimeout as pause } from 'node:timers/promises'
import type { AthenaClient } from '@aws-sdk/client-athena'
import type { AwsPlace } from '../../../packages/runtime/adapters/aws/clients.ts'
import { once } from '../../../packages/runtime/lambda/once.ts'
import type { Config } from '../../app/config.ts'
import { historyDatabase, historyWorkgroup } from '../../app/resource-names.ts'
import { SHOWN } from '../../warehouse/marts.ts'
import { OperationFailure } from '../failure.ts'
import type { SqlView } from './database.ts'
import { MAX_ROWS, type SqlAnswer, type SqlEngine, type SqlRequest, type SqlState } from './engine.ts'
import type { Value } from './value.ts'
import { literal, VIEWS } from './views.ts'

/** Views that exist in Athena, but for the marts if they are in a database. */
const NAMES = [...new Set([...VIEWS, ...SHOWN.map(({ name }) => name)])]

/** Interval and number of attempts at which the list of columns is awaited. A request of a page ends after 25 s. */
const [POLL_MS, POLLS] = [500, 40]

/** Statements that read. The role of the console can write query results only, but errors of permissions are hard to understand. */
const READS =
  /^(\s|--[^\n]*\n|\/\*([^*]|\*(?!\/))*\*\/)*(SELECT|WITH|SHOW|DESCRIBE|VALUES|EXPLAIN(?!\s+ANALYZE))\b/i

export class AthenaEngine implements SqlEngine {
  readonly takesSince = false
  readonly views: () => Promise<readonly SqlView[]>
  readonly #workgroup: string
  readonly #database: string
  readonly #client: () => Promise<AthenaClient>

  constructor({ env }: Pick<Config, 'env'>, place: AwsPlace = {}) {
    this.#workgroup = historyWorkgroup(env)
    this.#database = historyDatabase(env)
    this.#client = once(async () => {
      const { AthenaClient } = await import('@aws-sdk/client-athena')
      return new AthenaClient(place)
    })
    this.views = once(() => this.#views())
  }

  async start({ statements }: SqlRequest): Promise<string> {
    if (!READS.test(statements))
      throw new OperationFailure('Only queries are possible here: start with SELECT or WITH.')
    const { StartQueryExecutionCommand } = await import('@aws-sdk/client-athena')
    const { QueryExecutionId = '' } = await this.#sent(client =>
      client.send(
        new StartQueryExecutionCommand({
          QueryString: statements.replace(/;\s*$/, ''),
          WorkGroup: this.#workgroup,
          QueryExecutionContext: { Database: this.#database },
        }),
      ),
    )
    return QueryExecutionId
  }

  async state(id: string): Promise<SqlState | undefined> {
    const { GetQueryExecutionCommand } = await import('@aws-sdk/client-athena')
    const { QueryExecution: found } = await this.#sent(client =>
      client.send(new GetQueryExecutionCommand({ QueryExecutionId: id })).catch(error => {
        // Athena does not know the id.
        if ((error as Error).name === 'InvalidRequestException') return { QueryExecution: undefined }
        throw error
      }),
    )
    // Other workgroups can contain queries of other applications.
    if (found?.WorkGroup !== this.#workgroup) return undefined
    const { Status, Statistics, StatementType } = found
    const scanned = `${((Statistics?.DataScannedInBytes ?? 0) / 1e6).toFixed(1)} MB scanned`
    switch (Status?.State) {
      case 'SUCCEEDED':
        return this.#answer(id, StatementType !== 'UTILITY', Statistics?.TotalExecutionTimeInMillis ?? 0)
      case 'FAILED':
        return { state: 'failed', message: Status.StateChangeReason ?? 'Athena gives no reason.' }
      case 'CANCELLED':
        return { state: 'cancelled' }
      default:
        return { state: 'running', progress: Status?.State === 'QUEUED' ? 'waiting for Athena' : scanned }
    }
  }

  async cancel(id: string): Promise<void> {
    const { StopQueryExecutionCommand } = await import('@aws-sdk/client-athena')
    if ((await this.state(id))?.state === 'running')
      await this.#sent(client => client.send(new StopQueryExecutionCommand({ QueryExecutionId: id })))
  }

  /** Reads result pages until the maximum number of rows is exceeded. */
  async #answer(id: string, hasHeader: boolean, tookMs: number): Promise<SqlAnswer> {
    const { GetQueryResultsCommand } = await import('@aws-sdk/client-athena')
    const rows: Value[][] = []
    let columns: SqlAnswer['columns'] = []
    let NextToken: string | undefined
    let header = hasHeader ? 1 : 0
    do {
      const request = { QueryExecutionId: id, MaxResults: MAX_ROWS, ...(NextToken ? { NextToken } : {}) }
      const page = await this.#sent(client => client.send(new GetQueryResultsCommand(request)))
      columns = (page.ResultSet?.ResultSetMetadata?.ColumnInfo ?? []).map(({ Name = '', Type = '' }) => ({
        name: Name,
        type: Type,
        isNumber: /int|double|float|real|decimal/.test(Type),
      }))
      for (const { Data = [] } of page.ResultSet?.Rows?.slice(header) ?? [])
        rows.push(columns.map(({ type }, index) => cellOf(Data[index]?.VarCharValue, type)))
      header = 0
      NextToken = page.NextToken
    } while (NextToken && rows.length <= MAX_ROWS)
    return {
      state: 'done',
      columns,
      rows: rows.slice(0, MAX_ROWS),
      isCut: rows.length > MAX_ROWS,
      tookMs,
      notices: [],
    }
  }

  async #views(): Promise<readonly SqlView[]> {
    const names = NAMES.map(literal).join(', ')
    const id = await this.start({
      statements: `SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = ${literal(this.#database)} AND table_name IN (${names}) ORDER BY table_name, ordinal_position`,
    })
    for (let poll = 0; poll < POLLS; poll++) {
      const found = await this.state(id)
      if (found?.state === 'done') return viewsOf(found.rows)
      if (found?.state !== 'running') break
      await pause(POLL_MS)
    }
    throw new OperationFailure('Athena did not list the views of the history. Try again.')
  }

  async #sent<T>(request: (client: AthenaClient) => Promise<T>): Promise<T> {
    try {
      return await request(await this.#client())
    } catch (error) {
      const { message, name } = error as Error
      throw new OperationFailure(`Athena, workgroup ${this.#workgroup}: ${message || name}`, { cause: error })
    }
  }
}

/** Converts a value of Athena, which is always a text. Integers that a double cannot represent stay texts. */
function cellOf(text: string | undefined, type: string): Value {
  if (text === undefined) return null
  if (type === 'boolean') return text === 'true'
  if (!/int|double|float|real/.test(type)) return text
  const number = Number(text)
  return Number.isFinite(number) && (!type.includes('int') || Number.isSafeInteger(number)) ? number : text
}

function viewsOf(rows: SqlAnswer['rows']): readonly SqlView[] {
  const columns = rows.map(row => row.map(String))
  return NAMES.map(name => ({
    name,
    columns: columns
      .filter(([table]) => table === name)
      .map(([, column = '', type = '']) => ({ name: column, type })),
  })).filter(view => view.columns.length > 0)
}
