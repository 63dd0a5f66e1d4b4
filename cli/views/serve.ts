import { once } from 'node:events'
import { port } from '#runtime/settings/index.ts'
import { createLocalAccess } from '../../console/access/access.ts'
import { ConsoleEnvironment } from '../../console/environment.ts'
import { createKsqlApp } from '../../console/ksql/app.ts'
import { serveConsole, toUnusablePort } from '../../console/serve.ts'
import type { Signal } from '../../lib/app/topic-table.ts'
import { createTableReader } from '../../lib/operations/views/table-reader.ts'
import { isOnThisMachine } from '../../lib/questions/environment.ts'
import { errorLine } from '../../lib/support/escape-text.ts'
import { parse } from '../../lib/views/language/parser.ts'
import { command, environment, optionWithDefault } from '../command.ts'
import { CliFailure } from '../failure.ts'
import { resolveOperator } from '../operation/operator.ts'
import { resolveToken, SERVER_OPTIONS, type ServerOptions } from '../own-server.ts'
import { requireEnvironment } from '../servers/environment.ts'
import { resolveConfig } from '../servers/settings.ts'
import type { Terminal } from '../terminal.ts'

export default command({
  about: `Serve ksqlDB's REST interface to the tables of config/views, until Ctrl-C: current rows, and changes as they come.

The command prints an address on this machine and a token. Clients send it as the password of basic authentication,
with any user name, or as a bearer token. Tables are not created or dropped here: use \`sluice views apply\` and
\`sluice views drop\`.`,
  more: `
Examples:
  sluice views serve
  curl -u any:TOKEN http://127.0.0.1:8088/ksql -d '{"ksql": "SHOW TABLES;"}'
  curl -u any:TOKEN http://127.0.0.1:8088/query -d '{"ksql": "SELECT * FROM device_activities;"}'`,
  options: {
    env: environment('of the tables'),
    port: optionWithDefault('<number>', 'port to listen on', port(), 8088),
    ...SERVER_OPTIONS,
  },
  async run(options, terminal) {
    await serveTables(options, terminal)
  },
})

interface ServeOptions extends ServerOptions {
  readonly env?: string
  readonly port: number
}

/** Serves the tables. @throws CliFailure if the port cannot be used */
async function serveTables(options: ServeOptions, terminal: Terminal): Promise<void> {
  const { env, port, host, ownHost, tokenFile } = options
  const config = resolveConfig(terminal, env)
  const isLocal = isOnThisMachine(config)
  const environment = new ConsoleEnvironment({ config, functions: [], isLocal })
  const { token, isGiven } = await resolveToken(tokenFile, terminal)
  const app = createKsqlApp({
    env: config.env,
    reader: createTableReader(environment),
    parse,
    getTopic: signal => config.names.topicName(signal as Signal, config.env),
    access: createLocalAccess(token, { name: await resolveOperator(config), role: 'viewer' }, ownHost),
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
    terminal.stdout.write(`http://127.0.0.1:${served.port}\n${isGiven ? '' : `Token: ${token}\n`}`)
    if (!terminal.stop.aborted) await once(terminal.stop, 'abort')
    await served.close()
  } finally {
    await environment.close()
  }
}
