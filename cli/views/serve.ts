import { once } from 'node:events'
import { port } from '#runtime/settings'
import { createLocalAccess } from '../../console/access/access.ts'
import { createConsoleEnvironment } from '../../console/environment.ts'
import { createKsqlApp } from '../../console/ksql/app.ts'
import { createStatementFolder } from '../../console/ksql/statement-folder.ts'
import { serveConsole, toUnusablePort } from '../../console/serve.ts'
import { flagField, optionField, withInitial } from '../../control/questions/field.ts'
import { createTableReader } from '../../control/statements/table-reader.ts'
import type { Signal } from '../../lib/app/naming/topic-table.ts'
import { errorLine } from '../../lib/support/escape-text.ts'
import { parse } from '../../lib/views/language/parser.ts'
import { command, environment } from '../command.ts'
import { CliFailure } from '../failure.ts'
import { resolveOperator } from '../operator.ts'
import { resolveToken, SERVER_OPTIONS, type ServerOptions } from '../own-server.ts'
import { requireEnvironment } from '../servers/environment.ts'
import { resolveConfig, resolveEnvironment } from '../servers/settings.ts'
import type { Terminal } from '../terminal.ts'

export default command({
  about: `Serve ksqlDB's REST interface to the tables of config/views, until Ctrl-C: current rows, and changes as they come.

The command prints an address on this machine and a token. Clients send it as the password of basic authentication,
with any user name, or as a bearer token. CREATE and DROP are refused, unless --allow-changes is given: then they change the
file local.sql in the folder SENT_VIEWS_DIR, else VIEWS_DIR, and both folders are put into force at the start, too. Only one
server may write to a folder.`,
  more: `
Examples:
  sluice views serve --allow-changes
  curl -u any:TOKEN http://127.0.0.1:8088/ksql -d '{"ksql": "SHOW TABLES;"}'
  curl -u any:TOKEN http://127.0.0.1:8088/query -d '{"ksql": "SELECT * FROM device_activities;"}'`,
  fields: {
    env: environment('of the tables'),
    port: withInitial(optionField('<number>', 'port to listen on', port()), 8088),
    ...SERVER_OPTIONS,
    allowChanges: flagField('carry out CREATE and DROP'),
  },
  async run(options, terminal) {
    await serveTables(options, terminal)
  },
})

interface ServeOptions extends ServerOptions {
  readonly env?: string
  readonly port: number
  readonly allowChanges: boolean
}

/** Serves the tables. @throws CliFailure if the port cannot be used */
async function serveTables(options: ServeOptions, terminal: Terminal): Promise<void> {
  const { env, port, host, ownHost, tokenFile, publishedPorts, allowChanges } = options
  const config = resolveConfig(terminal, env)
  const environment = createConsoleEnvironment({ config, functions: [] })
  const { token, isGiven } = await resolveToken(tokenFile, terminal)
  const by = await resolveOperator(config)
  const changes = allowChanges
    ? createStatementFolder(environment, {
        by,
        loadViews: async () => {
          const { loadConsumer } = await import('../recomputation/consumer.ts')
          return loadConsumer('views', resolveEnvironment(terminal, env))
        },
        report: line => terminal.stdout.write(`${line}\n`),
        stop: terminal.stop,
      })
    : undefined
  const app = createKsqlApp({
    env: config.env,
    reader: createTableReader(environment),
    parse,
    getTopic: signal => config.names.topicName(signal as Signal, config.env),
    access: createLocalAccess(token, { name: by, role: changes ? 'operator' : 'viewer' }, ownHost),
    ...(changes && { changes }),
    reportError: error => terminal.stderr.write(errorLine(error)),
    reportFailedSignIn: ({ route }) => terminal.stderr.write(`A token was wrong (${route}).\n`),
  })
  try {
    await requireEnvironment(environment)
    const served = await serveConsole(app, port, host).catch(error => {
      const unusable = toUnusablePort(error)
      if (!unusable) throw error
      throw new CliFailure(`${unusable.message}. Use another port, such as --port 8089`)
    })
    const printedPort = publishedPorts?.[0] ?? served.port
    terminal.stdout.write(`http://127.0.0.1:${printedPort}\n${isGiven ? '' : `Token: ${token}\n`}`)
    void changes?.apply()
    if (!terminal.stop.aborted) await once(terminal.stop, 'abort')
    await served.close()
    // A server ends when it is stopped, so the exit status is 0.
    terminal.stop.throwIfAborted()
  } finally {
    await environment.close()
  }
}
