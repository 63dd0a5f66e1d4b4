/** Says where everything is that a start has opened. */

import { join, relative } from 'node:path'
import { listLocalInputs } from '../../lib/app/inputs/inputs.ts'
import { functionLogsDir } from '../../scripts/log-paths.ts'
import { PROJECT } from '../../scripts/paths.ts'
import { stackVariables } from '../own-stack.ts'
import type { StartedConsole } from './console.ts'
import type { Run } from './run.ts'

/** Record as applications of others send it. It fires an alert. */
const HOT_RECORD = 'examples/hot-sensor.json'

/** Ends the start with the addresses of everything that a user can open or send to. */
export function reportReady(
  { stack, config, options, variables, port, screen, logsDir }: Run,
  { address, kafkaAddress, sqlAddress }: StartedConsole,
  expectsReadings: boolean,
): void {
  stack.ready({
    variables: stackVariables(stack.environment, variables),
    lambdaPort: port,
    ...(address ? { consoleAddress: address } : {}),
  })
  const { STORAGE_URL = '' } = variables
  // The address of a server can contain a password.
  const isFile = STORAGE_URL.startsWith('sqlite:')
  const database = isFile ? relative(PROJECT, STORAGE_URL.slice('sqlite:'.length)) : 'see STORAGE_URL'
  const [input] = listLocalInputs(config)
  const lines = [
    ['console', address],
    ['Kafka', kafkaAddress],
    ['registry', options.registry ? variables.SCHEMA_REGISTRY_URL : undefined],
    ['SQL', sqlAddress && `${sqlAddress}, as ksqlDB`],
    ['database', database],
    ['send your own', input && `npx sluice publish --topic ${input.topic} ${HOT_RECORD}`],
    ['logs', relative(PROJECT, functionLogsDir(logsDir))],
  ]
  screen.line('')
  for (const [what = '', where] of lines) if (where) screen.line(`  ${what.padEnd(15)}${where}`)
  screen.line('\nCtrl-C stops everything. Meanwhile: npm run smoke · npx sluice stats')
  if (expectsReadings) screen.line('Without simulated readings: npm start -- --fresh --no-generator')
  const [node, program] = ['node_modules/.bin/node', 'cli/bin.mjs'].map(file => join(PROJECT, file))
  screen.line(`Without the second that npx takes: alias sluice="'${node}' '${program}'"\n`)
}
