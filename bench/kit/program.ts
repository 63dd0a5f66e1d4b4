import { readFile, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus } from 'node:os'
import type { ParseArgsOptionsConfig } from 'node:util'
import { wholeNumber } from '#runtime/settings'
import { readOptions } from '../../scripts/command-line.ts'
import { runMain } from '../../scripts/run-main.ts'
import { type Figure, type Report, slower, table } from './figures.ts'

/** The options of a run, and how a benchmark reports. */
export interface Run {
  readonly rounds: number
  /** Run fewer and smaller rounds, for rough figures. */
  readonly quick: boolean
  /** Whether the part of the benchmark with this name is to be run. */
  readonly wants: (part: string) => boolean
  readonly say: (line: string) => void
  /** Reports missing figures: the others are still shown, but the program fails at its end. */
  readonly missed: (what: string) => void
  readonly signal: AbortSignal
}

interface Benchmark {
  readonly usage: string
  /** The default number of rounds; 1 if undefined. */
  readonly rounds?: number
  readonly measure: (run: Run) => AsyncIterable<Figure>
}

const OPTIONS = {
  rounds: { type: 'string' },
  quick: { type: 'boolean', default: false },
  only: { type: 'string', default: '' },
  json: { type: 'string' },
  compare: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const satisfies ParseArgsOptionsConfig

const COMMON = `  --rounds N      rounds of each side; medians are compared
  --quick         fewer and smaller rounds, for rough figures, which judge no goal
  --json FILE     writes the figures of every round to this file
  --compare FILE  lists the figures that are worse than in this file by more than the spread`

/** Runs a benchmark as a program: options, progress, the table, the file. */
export async function runBenchmark(benchmark: Benchmark): Promise<void> {
  // Waiting for a server or a child process does not keep this process alive.
  const alive = setInterval(() => {}, 60_000)
  await runMain({
    readOptions: parseOptions,
    usage: `${benchmark.usage}\n${COMMON}`,
    run: (options, signal) => runWith(options, benchmark, signal),
  })
  clearInterval(alive)
}

/** Undefined if the arguments ask for help. */
function parseOptions(args: readonly string[]) {
  const options = readOptions('the benchmark', args, OPTIONS, { rounds: wholeNumber({ least: 1 }) })
  return options.help ? undefined : options
}

async function runWith(
  values: NonNullable<ReturnType<typeof parseOptions>>,
  { rounds = 1, measure }: Benchmark,
  signal: AbortSignal,
): Promise<number> {
  // Read before anything is measured, so that a wrong file name fails at once.
  const before = values.compare === undefined ? undefined : await readReport(values.compare)
  const { only } = values
  const figures: Figure[] = []
  const missing: string[] = []
  const run: Run = {
    rounds: values.rounds ?? (values.quick ? 2 : rounds),
    quick: values.quick,
    wants: part => only === '' || only === part,
    say: line => console.log(line),
    missed: what => missing.push(what),
    signal,
  }
  for await (const figure of measure(run)) figures.push(figure)
  if (figures.length === 0 && missing.length === 0) throw new Error(`there is no part called "${only}"`)
  const report: Report = { date: new Date().toISOString(), machine: machine(), figures }
  console.log(`\n${report.machine}\n${table(figures, values.quick)}`)
  if (values.json) await writeFile(values.json, `${JSON.stringify(report, undefined, 2)}\n`)
  if (before) console.log(`\n${slower(before.figures, figures)}`)
  for (const what of missing) console.error(`MISSING: ${what}`)
  return missing.length > 0 ? 1 : 0
}

async function readReport(file: string): Promise<Report> {
  return JSON.parse(await readFile(file, 'utf8'))
}

function machine(): string {
  return `${availableParallelism()} × ${cpus()[0]?.model.trim()}, Node ${process.versions.node}`
}
