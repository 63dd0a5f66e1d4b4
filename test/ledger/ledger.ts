/** `npm run ledger`: checks the promises under every fault, with a count by independent code. */
import { runMain } from '../../scripts/run-main.ts'
import { sayWithSeconds } from '../support/say.ts'
import { type Options, readOptions, USAGE } from './options.ts'
import { report } from './report.ts'
import { run } from './run.ts'
import { startServers } from './servers.ts'

await runMain({ readOptions, usage: USAGE, run: ledger })

async function ledger(options: Options, signal: AbortSignal): Promise<number> {
  const say = sayWithSeconds()
  say(`seed ${options.seed}: starting Kafka and Valkey`)
  const servers = await startServers(options.brokers, { signal })
  try {
    const result = await run(options, servers, say, signal)
    console.log(`\n${report(result).join('\n')}`)
    return result.violations.isEmpty ? 0 : 1
  } finally {
    await servers.stop()
  }
}
