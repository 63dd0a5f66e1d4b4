/**
 * The functions of `serverless.yml` as `sluice run` runs them: `run.ts PORT`. Only what the ledger needs is different: faults, shorter
 * waits, and an endpoint on the port that calls a function, as that of Lambda does.
 */
import { createServer } from 'node:http'
import { join } from 'node:path'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { readEntries } from '../../../cli/run/entries.ts'
import { startRun } from '../../../cli/run/start.ts'
import { readFunctions } from '../../../infra/functions.ts'
import { readConfig } from '../../../lib/app/config.ts'
import { LOOPBACK } from '../../../localstack/services/ports.ts'

const SERVICE = import.meta.dirname
const file = join(SERVICE, 'serverless.yml')
const functions = readFunctions(file)
const config = readConfig()
const environment = {
  ...process.env,
  LOG_LEVEL: 'WARN',
  AWS_ACCESS_KEY_ID: 'none',
  AWS_SECRET_ACCESS_KEY: 'none',
}
const run = await startRun({
  functions,
  all: functions,
  entryOf: readEntries(file),
  config,
  place: {
    env: config.env,
    environment,
    files: SERVICE,
    schedules: { generator: false, clock: false, checkpoints: false },
  },
  code: SERVICE,
  listen: { host: LOOPBACK, port: 0 },
  out: process.stdout,
  // As in `serverless.yml`.
  engine: { faults: process.env.LEDGER_FAULTS, sessionTimeoutMs: 6_000, maxRetryDelayMs: 1_000 },
})

createServer(async (request, response) => {
  const name = /\/functions\/ledger-local-([\w-]+)\/invocations$/.exec(request.url ?? '')?.[1] ?? ''
  try {
    response.end(JSON.stringify(await run.invoke(name, JSON.parse(await text(request)))))
  } catch (error) {
    response.writeHead(502).end(JSON.stringify({ errorMessage: (error as Error).message }))
  }
}).listen(Number(process.argv[2]), LOOPBACK)
