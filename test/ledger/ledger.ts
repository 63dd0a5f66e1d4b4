/** `npm run ledger`: whether the promises hold under every fault, counted by somebody else. */
import process from 'node:process'
import { describeFailure } from '../../localstack/failure.ts'
import { StopRequested, stopRequest } from '../../localstack/stop-request.ts'
import { readOptions, USAGE } from './options.ts'
import { report } from './report.ts'
import { run } from './run.ts'
import { startServers } from './servers.ts'

process.exitCode = await main(process.argv.slice(2)).catch(error => {
  if (error instanceof StopRequested) return 130
  console.error(describeFailure(error))
  return 1
})
// The channel to the bootstrap would keep this process alive.
if (process.connected) process.disconnect()

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args)
  if (options === undefined) {
    console.log(USAGE)
    return 0
  }
  const beganAtMs = Date.now()
  const say = (line: string) =>
    console.log(`${String(Math.round((Date.now() - beganAtMs) / 1000)).padStart(5)} s  ${line}`)
  const signal = stopRequest()
  say(`seed ${options.seed}: starting Kafka and Valkey`)
  const servers = await startServers(options.brokers, signal)
  try {
    const result = await run(options, servers, say, signal)
    console.log(`\n${report(result).join('\n')}`)
    return result.violations.isEmpty ? 0 : 1
  } finally {
    await servers.stop()
  }
}
