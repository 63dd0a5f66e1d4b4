import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { Command } from 'commander'
import { localAccess } from '../../console/access/access.ts'
import { ROLES, type Role } from '../../console/access/person.ts'
import { consoleApp } from '../../console/app.ts'
import { ConsoleEnvironment, isOnThisMachine } from '../../console/environment.ts'
import { PortUnusable, serveConsole } from '../../console/serve.ts'
import { consolePage } from '../../infra/console-page.ts'
import { readFunctions } from '../../lib/app/functions.ts'
import { LOCAL_PORTS, readSettings } from '../../lib/app/settings/index.ts'
import { port } from '../../packages/runtime/settings/values.ts'
import { choice, environmentOption, parserOf, someText } from '../arguments.ts'
import { configOf } from '../connections.ts'
import { CliFailure } from '../failure.ts'
import { more } from '../help.ts'
import { operatorOf } from '../person.ts'
import type { Terminal } from '../terminal.ts'

interface ConsoleCommandOptions {
  readonly env?: string
  readonly port?: number
  readonly host: string
  readonly role: Role
}

const ABOUT = `Serve the console until Ctrl-C: one page to see what flows in an environment, and to act.

It prints an address on this machine with a token, and who has that address is you: changes are audited under your name. Readings
can be written only where the brokers run on this machine. \`npm start\` serves a console by itself.`

const MORE = `
Examples:
  sluice console
  sluice console --env prod --cluster-arn arn:aws:kafka:… --role viewer
  sluice --stack lab console --port 8060`

export function addConsole(program: Command, terminal: Terminal): void {
  program
    .command('console')
    .summary('serve the console: one page to see what flows, and to act')
    .description(ABOUT)
    .option(...environmentOption('to show'))
    .option('--port <number>', 'the port on 127.0.0.1 (default: CONSOLE_PORT, else 8050)', parserOf(port()))
    .option('--host <address>', 'the address to listen on; in a container, 0.0.0.0', someText, '127.0.0.1')
    .addOption(choice('--role <role>', 'whether changes are possible', ROLES).default('operator'))
    .addHelpText('after', more(MORE))
    .action((options: ConsoleCommandOptions) => showConsole(options, terminal))
}

async function showConsole(options: ConsoleCommandOptions, terminal: Terminal): Promise<void> {
  const config = configOf(terminal, options.env)
  const { consolePort } = readSettings([LOCAL_PORTS], terminal.environment)
  const isLocal = isOnThisMachine(config)
  const environment = new ConsoleEnvironment({ config, functions: readFunctions(), isLocal, streams: true })
  const token = randomBytes(16).toString('hex')
  const app = consoleApp({
    environment,
    page: await consolePage(),
    access: localAccess(token, { name: await operatorOf(config), role: options.role }),
    told: error => terminal.stderr.write(`${(error as Error).stack}\n`),
    signInFailed: ({ route }) =>
      terminal.stderr.write(`A sign-in with a wrong token has failed (${route}).\n`),
  })
  try {
    const served = await serveConsole(app, options.port ?? consolePort, options.host).catch(refused)
    terminal.stdout.write(`http://127.0.0.1:${served.port}/?token=${token}\n`)
    if (!terminal.stop.aborted) await once(terminal.stop, 'abort')
    await served.close()
  } finally {
    await environment.close()
  }
}

function refused(error: unknown): never {
  if (!(error instanceof PortUnusable)) throw error
  const hint = error.isInUse ? ': `npm start` may serve a console there' : ''
  throw new CliFailure(`${error.message}${hint}. Give another one: --port 8060`)
}
