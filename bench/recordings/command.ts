/** `sluice` with the arguments given, and at its end, on standard error, the most memory that it ever had. */
import process from 'node:process'
import { run } from '../../cli/program.ts'

const status = await run(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  environment: process.env,
  folder: process.cwd(),
  stop: new AbortController().signal,
})
// Ends like the command itself, which an open connection does not keep alive.
process.stderr.write(`\npeak ${process.resourceUsage().maxRSS} KiB\n`, () => process.exit(status))
