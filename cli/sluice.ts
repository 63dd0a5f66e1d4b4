/** Entry point of `npx sluice COMMAND …`, the command line for operators. */
import { fileFailure } from '../lib/support/operation-failure.ts'
// biome-ignore lint/correctness/useImportExtensions: this is the file that runs; .d.mts beside it holds its types
import { hideSecrets } from '../scripts/hide-secrets.mjs'
import { run } from './program.ts'
import { resolveCallerFolder } from './terminal.ts'

const LAST_WORDS_MS = 1_000

const stop = new AbortController()
// The signal can arrive twice, because a terminal sends it to the whole process group, and npm also forwards it. A second signal
// has no effect.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort())
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') {
    process.stderr.write(`${(fileFailure('standard output', error) as Error).message}\n`)
    process.exit(1)
  }
  // The reader of the output has closed the pipe, as in `sluice … | head`.
  process.exit(0)
})

const args = hideSecrets(process.argv.slice(2))
const { env: environment, stdin, stdout, stderr } = process
const folder = resolveCallerFolder(environment, process.cwd())
const status = await run(args, {
  stdin,
  stdout,
  stderr,
  environment,
  folder,
  stop: stop.signal,
})
// End once the output has been read. The event loop may not become empty for a while, because of a pending connection attempt. If
// the write fails, the stream first emits an error event, whose handler ends the process.
stdout.write('', error => (error ? setImmediate(() => process.exit(status)) : process.exit(status)))
// If the user has stopped the command, wait only briefly for the reader of the output.
if (stop.signal.aborted) setTimeout(() => process.exit(status), LAST_WORDS_MS)
