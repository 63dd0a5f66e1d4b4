import { runBenchmark } from './kit/program.ts'
import { withServers } from './kit/servers.ts'
import { redriven } from './redrive/rounds.ts'

// `npm run bench:redrive`: a bulk redrive of dead letters, compared with a plain copy of the same records between two topics. It starts
// its own Kafka and Valkey.

await runBenchmark({
  usage: 'npm run bench:redrive -- [options]',
  rounds: 5,
  async *measure(run) {
    yield* await withServers(run.signal, servers => redriven(servers, run))
  },
})
