/**
 * The functions of `serverless.yml` as `sluice run` runs them: `run.ts PORT`. Only what the ledger needs is different: faults, shorter
 * waits, and an endpoint on the port that calls a function, as that of Lambda does.
 */
import { join } from 'node:path'
import process from 'node:process'
import { readConfig } from '../../../lib/app/config.ts'
import { readEntries } from '../../../lib/app/function-entries.ts'
import { readFunctions } from '../../../lib/app/functions.ts'
import { LOOPBACK } from '../../../localstack/services/ports.ts'
import { startRun } from '../../../runner/start.ts'
import { serveFunctions } from './endpoint.ts'

const SERVICE = import.meta.dirname
const file = join(SERVICE, 'serverless.yml')
const functions = readFunctions(file)
const config = readConfig()
const run = await startRun({
  functions,
  all: functions,
  entryOf: readEntries(file),
  config,
  place: {
    env: config.env,
    environment: process.env,
    files: SERVICE,
    schedules: { generator: false, clock: false, checkpoints: false },
  },
  code: SERVICE,
  listen: { host: LOOPBACK, port: 0 },
  out: process.stdout,
  // Values as in `serverless.yml`.
  engine: { faults: process.env.LEDGER_FAULTS, sessionTimeoutMs: 6_000, maxRetryDelayMs: 1_000 },
})

await serveFunctions((name, event) => run.invoke(name, event))
