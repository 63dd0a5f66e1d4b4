/** Console of `npm start`. */
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Hono } from 'hono'
import { findFreePort } from '#local-servers/ports'
import { createLocalAccess, createMetricsAccess } from '../../console/access/access.ts'
import { createConsoleApp } from '../../console/app.ts'
import { createConsoleEnvironment } from '../../console/environment.ts'
import type { ConsoleHono } from '../../console/http/person.ts'
import { createStatementFolder } from '../../console/ksql/statement-folder.ts'
import { redirectRoot, serveConsole, toUnusablePort, type UnusablePort } from '../../console/serve.ts'
import { readConfig } from '../../control/environment/config.ts'
import { readFunctions } from '../../control/environment/function-entries.ts'
import { type NotInForce, readNotInForce } from '../../control/questions/not-in-force.ts'
import { buildConsolePage } from '../../infra/packaging/console-page.ts'
import { userOfMachine } from '../../scripts/machine-user.ts'
import { consolePorts } from '../ports-and-folders.ts'
import { createSqlInterface, loadViews, type ServedStack } from './sql-interface.ts'

/** Result of starting the console. The address is missing if the console could not be started. */
export interface StartedConsole {
  /** URL of the console, including the token. */
  readonly address?: string
  /** URL of the console that begins with the pages about Kafka; absent if its port cannot be used. */
  readonly kafkaAddress?: string
  /** URL of ksqlDB's interface; absent if it could not be started, or if the servers are not on this machine. */
  readonly sqlAddress?: string
  /** Uses the current families and inputs. @throws FileError if they have errors; the former ones are then used further */
  readonly reload?: () => void
  /** Returns saved things that are not in force. */
  readonly readNotInForce?: () => Promise<readonly NotInForce[]>
  /** Puts the statements of `config/views` into force if others are. Call it when the functions run. */
  readonly applyStatements?: () => Promise<void>
  close(): Promise<void>
}

/**
 * Serves the console. A second port serves the same console with the Kafka pages as its start page. If the console cannot be
 * started, the error is reported in one line, and the stack runs without it.
 */
export async function startConsole(options: ServedStack): Promise<StartedConsole> {
  const opened: Closable[] = []
  try {
    return await openConsole(options, opened)
  } catch (error) {
    await closeAll(opened)
    options.say(`! The console is not available: ${(error as Error).message}`)
    return { close: async () => {} }
  }
}

/** A resource that has to be closed. */
type Closable = Pick<StartedConsole, 'close'>

/** Closes resources in reverse order, because each may depend on the resources that were opened before it. */
async function closeAll(opened: readonly Closable[]): Promise<void> {
  for (const closable of opened.toReversed()) await closable.close()
}

/** Opens the console. @param opened receives each resource as soon as it is open */
async function openConsole(options: ServedStack, opened: Closable[]): Promise<StartedConsole> {
  const { environment, dataDir, say } = options
  const keep = <T extends Closable>(closable: T): T => {
    opened.push(closable)
    return closable
  }
  const ports = consolePorts(environment)
  const config = readConfig(environment)
  const shown = keep(createConsoleEnvironment({ config, functions: readFunctions() }))
  const token = await ensureToken(dataDir)
  const app = createConsoleApp({
    environment: shown,
    page: await buildConsolePage(),
    access: createLocalAccess(
      token,
      { name: userOfMachine(), role: 'operator' },
      [],
      createMetricsAccess('127.0.0.1', environment.SLUICE_METRICS_TOKEN?.trim() || undefined),
    ),
    reportError: error => say(`✗ console: ${(error as Error).stack}`),
    reportFailedSignIn: ({ route }) => say(`! console: a sign-in with an invalid token failed (${route})`),
  })
  /** Listens on a port. Returns undefined if the port cannot be used. */
  const listen = async (what: Hono<ConsoleHono>, port: number, variable: string, without: string) => {
    try {
      return keep(await serveConsole(what, port))
    } catch (error) {
      const unusable = toUnusablePort(error)
      if (!unusable) throw error
      say(`! ${without}: ${await describeUnusablePort(unusable, port, variable)}`)
      return undefined
    }
  }
  const console = await listen(app, ports.consolePort, 'CONSOLE_PORT', 'The console is not available')
  const kafka = await listen(
    redirectRoot('/kafka', app),
    ports.kafkaUiPort,
    'KAFKA_UI_PORT',
    'The Kafka pages are not available on a separate port',
  )
  const stop = new AbortController()
  const statements = createStatementFolder(shown, {
    by: userOfMachine(),
    loadViews: () => loadViews(environment, config),
    report: say,
    stop: stop.signal,
  })
  const sql = shown.isLocal ? createSqlInterface(shown, options, statements) : undefined
  const served =
    sql && (await listen(sql, ports.ksqlPort, 'KSQL_PORT', "ksqlDB's interface is not available"))
  opened.push({ close: async () => stop.abort() })
  return {
    ...(served ? { sqlAddress: `http://127.0.0.1:${served.port}` } : {}),
    applyStatements: () => statements.apply(),
    readNotInForce: () => readNotInForce(shown),
    reload: () => shown.reload(readConfig(environment)),
    ...(kafka ? { kafkaAddress: `http://127.0.0.1:${kafka.port}/?token=${token}` } : {}),
    ...(console ? { address: `http://127.0.0.1:${console.port}/?token=${token}` } : {}),
    close: () => closeAll(opened),
  }
}

async function describeUnusablePort({ isInUse }: UnusablePort, port: number, variable: string) {
  return isInUse
    ? `port ${port} is in use. Stop the program that listens there, or set another port: ${variable}=${await findFreePort(port + 10)}`
    : `port ${port} requires privileges that you lack. Set another port, 1024 or higher, with ${variable}`
}

/** Returns the stack's token, which is created at the first start. The file is readable only by its owner. */
async function ensureToken(dataDir: string): Promise<string> {
  const file = join(dataDir, 'console-token')
  const storedToken = await readFile(file, 'utf8').catch(() => '')
  if (/^[0-9a-f]{32}$/.test(storedToken)) return storedToken
  const token = randomBytes(16).toString('hex')
  await mkdir(dataDir, { recursive: true })
  await writeFile(file, token, { mode: 0o600 })
  return token
}
