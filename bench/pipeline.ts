import { runBenchmark } from './kit/program.ts'
import { withServers } from './kit/servers.ts'
import { calls } from './pipeline/calls.ts'
import { compared } from './pipeline/compare.ts'
import { drift } from './pipeline/drift.ts'
import { size } from './pipeline/size.ts'
import { largestWave } from './pipeline/wave.ts'

// `npm run bench:pipeline`: what a record costs the project's handler, and what it costs to do the same with Powertools
// or a bare SET; what Redis pays for it. It has a Valkey and a Kafka of its own.

const PARTS = { compare: compared, calls, size, wave: largestWave, drift }

await runBenchmark({
  usage: `npm run bench:pipeline -- [options]
  --only PART     ${Object.keys(PARTS).join(', ')}`,
  rounds: 5,
  async *measure(run) {
    const figures = await withServers(run.signal, async servers => {
      const found = []
      for (const [part, measure] of Object.entries(PARTS))
        if (run.wants(part)) for await (const figure of measure(servers, run)) found.push(figure)
      return found
    })
    yield* figures
  },
})
