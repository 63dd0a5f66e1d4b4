import { decode } from './codec/decode.ts'
import { formats } from './codec/formats.ts'
import { runBenchmark } from './kit/program.ts'

// `npm run bench:codec`: what reading an event costs, beside the CloudEvents SDK; what data costs in each format, to write,
// to read and on the wire. It needs no server.

const PARTS = { decode, formats }

await runBenchmark({
  usage: `npm run bench:codec -- [options]
  --only PART     ${Object.keys(PARTS).join(', ')}`,
  rounds: 7,
  async *measure(run) {
    for (const [part, measure] of Object.entries(PARTS)) if (run.wants(part)) yield* measure(run)
  },
})
