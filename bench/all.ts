import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import type { Figure, Report } from './kit/figures.ts'
import { type Run, runBenchmark } from './kit/program.ts'

// `npm run bench`: runs all benchmarks one after another, each in its own process, and prints one table of all figures.

const BENCHMARKS = ['pipeline', 'alerts', 'produce', 'latency', 'start', 'trigger']

await runBenchmark({
  usage: `npm run bench -- [options]
  --only NAME     ${BENCHMARKS.join(', ')}`,
  async *measure(run) {
    const folder = await mkdtemp(join(tmpdir(), 'bench-all-'))
    try {
      for (const name of BENCHMARKS.filter(run.wants)) {
        run.say(`\n${name}`)
        yield* await figuresOf(name, join(folder, `${name}.json`), run)
      }
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
})

/** Runs one benchmark. If it fails, the figures of the others are still shown. */
async function figuresOf(name: string, file: string, run: Run): Promise<readonly Figure[]> {
  run.signal.throwIfAborted()
  const args = [join(import.meta.dirname, `${name}.ts`), ...run.handedOn, '--json', file]
  const child = spawn(process.execPath, [...process.execArgv, ...args], { stdio: 'inherit' })
  // SIGTERM lets the benchmark stop its servers first.
  const stop = () => child.kill('SIGTERM')
  run.signal.addEventListener('abort', stop)
  const [code] = await once(child, 'close')
  run.signal.removeEventListener('abort', stop)
  run.signal.throwIfAborted()
  if (code !== 0) {
    run.missed(`all figures of ${name}, which failed`)
    return []
  }
  const report: Report = JSON.parse(await readFile(file, 'utf8'))
  return report.figures
}
