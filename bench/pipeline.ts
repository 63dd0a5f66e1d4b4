import type { Figure } from './kit/figures.ts'
import { runBenchmark } from './kit/program.ts'
import { withServers } from './kit/servers.ts'
import { calls } from './pipeline/calls.ts'
import { compared } from './pipeline/compare.ts'
import { rebuild } from './pipeline/rebuild.ts'
import { small } from './pipeline/small.ts'

// `npm run bench:pipeline`: the cost of a record in the project's handler, compared with Powertools and with a bare SET. It
// starts its own Valkey and Kafka.

const PARTS = { compare: compared, calls, small, rebuild }

await runBenchmark({
  usage: `npm run bench:pipeline -- [options]
  --only PART     ${Object.keys(PARTS).join(', ')}`,
  rounds: 5,
  async *measure(run) {
    const parts = Object.entries(PARTS).filter(([part]) => run.wants(part))
    const found: Figure[] = []
    if (parts.length > 0)
      await withServers(run.signal, async servers => {
        for (const [, measure] of parts) for await (const figure of measure(servers, run)) found.push(figure)
      })
    yield* found
  },
})
