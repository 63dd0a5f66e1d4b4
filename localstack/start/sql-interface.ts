/** ksqlDB's REST interface of `npm start`. It asks for no token, as Kafka does not, and so only exists for servers of this machine. */
import type { Hono } from 'hono'
import type { AnyKeyedProcess, Consumer } from '#runtime/pipeline'
import { createOpenAccess } from '../../console/access/access.ts'
import type { ConsoleEnvironment } from '../../console/environment.ts'
import type { ConsoleHono } from '../../console/http/person.ts'
import { createKsqlApp } from '../../console/ksql/app.ts'
import { readFunctions } from '../../control/environment/function-entries.ts'
import { formatEmitters } from '../../control/environment/functions.ts'
import type { StatementFolder } from '../../control/operations/statement-folder.ts'
import { createTableReader } from '../../control/statements/table-reader.ts'
import type { Named } from '../../lib/app/naming/names.ts'
import type { Signal } from '../../lib/app/naming/topic-table.ts'
import { parse } from '../../lib/views/language/parser.ts'
import { userOfMachine } from '../../scripts/machine-user.ts'

/** Stack whose console and SQL interface are served. */
export interface ServedStack {
  /** Environment variables of the stack, with the addresses of its servers. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Folder in which the token is stored, so that open pages survive a restart. */
  readonly dataDir: string
  readonly say: (line: string) => void
}

export function createSqlInterface(
  shown: ConsoleEnvironment,
  { say }: ServedStack,
  changes: StatementFolder,
): Hono<ConsoleHono> {
  return createKsqlApp({
    env: shown.config.env,
    reader: createTableReader(shown),
    parse,
    getTopic: signal => shown.topic(signal as Signal),
    access: createOpenAccess({ name: userOfMachine(), role: 'operator' }),
    changes,
    reportError: error => say(`✗ sql: ${(error as Error).stack}`),
    reportFailedSignIn: () => {},
  })
}

/** Returns the consumer `views`, as the functions run it. */
export async function loadViews(
  environment: ServedStack['environment'],
  named: Named,
): Promise<Consumer<AnyKeyedProcess>> {
  const { handler } = await import('../../functions/views/handler.ts')
  const EMITTERS = formatEmitters('views', readFunctions(), named)
  return (await handler.consumer({ ...environment, EMITTERS })) as Consumer<AnyKeyedProcess>
}
