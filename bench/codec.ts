import { decode } from './codec/decode.ts'
import { runBenchmark } from './kit/program.ts'

// `npm run bench:codec`: what reading an event costs, beside the CloudEvents SDK. It needs no server.

const PARTS = { decode }

await runBenchmark({
  usage: `npm run bench:codec -- [options]
  --only PART     ${Object.keys(PARTS).join(', ')}`,
  rounds: 7,
  async *measure(run) {
    for (const [part, measure] of Object.entries(PARTS)) if (run.wants(part)) yield* measure(run)
  },
})
