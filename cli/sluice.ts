/** `npx sluice COMMAND …`: the command line for operators. */
import { run } from './program.ts'
import { callersFolder } from './terminal.ts'

const stop = new AbortController()
// A terminal sends the signal to the whole group and npm passes it on: it comes twice, and means the same.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort())
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // `sluice … | head`: whoever reads has seen enough.
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

const { env: environment, stdin, stdout, stderr } = process
const folder = callersFolder(environment, process.cwd())
const status = await run(process.argv.slice(2), {
  stdin,
  stdout,
  stderr,
  environment,
  folder,
  stop: stop.signal,
})
// Not by letting the event loop run dry: a connection that never came about would hold the command for a while.
stdout.write('', () => process.exit(status))
