import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { Command } from 'commander'
import { localGuard } from '../../console/access/local.ts'
import { consoleApp } from '../../console/app.ts'
import { ConsoleEnvironment } from '../../console/environment.ts'
import { serveConsole } from '../../console/serve.ts'
import { consolePage } from '../../infra/console-page.ts'
import { readFunctions } from '../../infra/functions.ts'
import { environmentOption } from '../arguments.ts'
import { configOf } from '../connections.ts'
import { personAt } from '../person.ts'
import type { Terminal } from '../terminal.ts'

interface ConsoleCommandOptions {
  readonly env?: string
}

const PORT = 8050

export function addConsole(program: Command, terminal: Terminal): void {
  program
    .command('console')
    .summary('serve the console: one page to see what flows, and to act')
    .option(...environmentOption('to show'))
    .action((options: ConsoleCommandOptions) => showConsole(options, terminal))
}

async function showConsole({ env }: ConsoleCommandOptions, terminal: Terminal): Promise<void> {
  const environment = new ConsoleEnvironment({
    config: configOf(terminal, env),
    functions: readFunctions(),
    isLocal: true,
    streams: true,
  })
  const token = randomBytes(16).toString('hex')
  const app = consoleApp({
    environment,
    page: await consolePage(),
    guard: localGuard(token, { name: personAt(terminal), role: 'operator' }),
    told: error => terminal.stderr.write(`${(error as Error).stack}\n`),
  })
  const served = await serveConsole(app, PORT)
  terminal.stdout.write(`http://127.0.0.1:${served.port}/?token=${token}\n`)
  if (!terminal.stop.aborted) await once(terminal.stop, 'abort')
  await served.close()
  await environment.close()
}
