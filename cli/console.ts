import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { localAccess } from '../console/access/access.ts'
import { ROLES } from '../console/access/person.ts'
import { consoleApp } from '../console/app.ts'
import { ConsoleEnvironment, isOnThisMachine } from '../console/environment.ts'
import { PortUnusable, serveConsole } from '../console/serve.ts'
import { consolePage } from '../infra/console-page.ts'
import { readFunctions } from '../lib/app/functions.ts'
import { LOCAL_PORTS, readSettings } from '../lib/app/settings/index.ts'
import { oneOf, port } from '../packages/runtime/settings/values.ts'
import { command, environment, option, optionWithDefault, SOME_TEXT } from './command.ts'
import { configOf } from './connections.ts'
import { CliFailure } from './failure.ts'
import { operatorOf } from './person.ts'

export default command({
  about: `Serve the console until Ctrl-C: one page to see what flows in an environment, and to act.

It prints an address on this machine with a token, and who has that address is you: changes are audited under your name. Readings
can be written only where the brokers run on this machine. \`npm start\` serves a console by itself.`,
  more: `
Examples:
  sluice console
  sluice console --env prod --cluster-arn arn:aws:kafka:… --role viewer
  sluice --stack lab console --port 8060`,
  options: {
    env: environment('to show'),
    port: option('<number>', 'the port on 127.0.0.1 (default: CONSOLE_PORT, else 8050)', port()),
    host: optionWithDefault(
      '<address>',
      'the address to listen on; in a container, 0.0.0.0',
      SOME_TEXT,
      '127.0.0.1',
    ),
    role: optionWithDefault('<role>', 'whether changes are possible', oneOf(ROLES), 'operator'),
  },
  async run(options, terminal) {
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
  },
})

function refused(error: unknown): never {
  if (!(error instanceof PortUnusable)) throw error
  const hint = error.isInUse ? ': `npm start` may serve a console there' : ''
  throw new CliFailure(`${error.message}${hint}. Give another one: --port 8060`)
}
